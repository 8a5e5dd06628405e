/**
 * Results of tasks on disk: what is there is not computed again.
 */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';

/** A folder of named results. */
export class Store {
  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  private path(name: string): string {
    return join(this.folder, `${name}.bin`);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  read<T>(name: string): T {
    return deserialize(readFileSync(this.path(name))) as T;
  }

  /** Writes all or nothing: a process killed halfway leaves no half result. */
  write(name: string, value: unknown): void {
    const temporary = `${this.path(name)}.${process.pid}.${Date.now()}.tmp`;
    writeFileSync(temporary, serialize(value));
    renameSync(temporary, this.path(name));
  }

  clear(): void {
    rmSync(this.folder, { recursive: true, force: true });
    mkdirSync(this.folder, { recursive: true });
  }
}
