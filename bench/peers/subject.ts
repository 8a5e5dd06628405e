/**
 * A process that is measured: it answers operations over its standard streams, and rests while another is asked.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Operation, Operations, Common } from '../protocol';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Lines of standard error kept for the message of a failure. */
const KEPT_LINES = 15;

interface Pending {
  resolve(line: string): void;
  reject(error: Error): void;
}

/** A running process. Close it. */
export class Subject {
  /** Peak resident size so far, in MB. */
  peakRssMb = 0;
  /** What its engine could not run so far, and why. */
  fallbacks: readonly string[] = [];
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly errors: string[] = [];
  private pending: Pending | undefined;
  private ended: string | undefined;

  constructor(
    /** How tables call it. */
    readonly name: string,
    command: string,
    args: readonly string[],
  ) {
    this.child = spawn(command, args, { stdio: 'pipe', cwd: ROOT });
    createInterface({ input: this.child.stdout }).on('line', (line) => {
      const { pending } = this;
      this.pending = undefined;
      pending?.resolve(line);
    });
    createInterface({ input: this.child.stderr }).on('line', (line) => {
      this.errors.push(line);
      if (this.errors.length > KEPT_LINES) this.errors.shift();
    });
    this.child.on('error', (error) => this.end(error.message));
    this.child.on('close', (code, signal) => this.end(`it ended with ${signal ?? `code ${code}`}`));
    this.child.stdin.on('error', () => undefined); // 'close' says why
  }

  /** Asks for an operation. One at a time. */
  async ask<O extends Operation>(operation: O, request: Operations[O][0]): Promise<Operations[O][1] & Common> {
    if (this.ended !== undefined) throw new Error(`${this.name}: ${this.ended}`);
    const line = await new Promise<string>((resolve, reject) => {
      this.pending = { resolve, reject };
      this.child.stdin.write(`${JSON.stringify({ operation, ...request })}\n`);
    });
    const answer = JSON.parse(line) as Operations[O][1] & Common & { error?: string };
    if (answer.error !== undefined) throw new Error(`${this.name}: ${operation}: ${answer.error}`);
    this.peakRssMb = answer.peakRssMb;
    this.fallbacks = answer.fallbacks ?? [];
    return answer;
  }

  /** Ends the process. */
  async close(): Promise<void> {
    if (this.ended !== undefined) return;
    const closed = new Promise((resolve) => this.child.once('close', resolve));
    this.child.stdin.end();
    await closed;
  }

  private end(reason: string): void {
    this.ended = [reason, ...this.errors].join('\n');
    this.pending?.reject(new Error(`${this.name}: ${this.ended}`));
    this.pending = undefined;
  }
}
