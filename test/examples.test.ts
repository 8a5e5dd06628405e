/**
 * Every example runs as its reader would run it, and shows what it promises.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs an example; `watch` sees its output grow. */
function example(
  script: string,
  args: readonly string[] = [],
  watch?: (output: string, child: ChildProcess) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, ['--import', 'tsx', join('examples', script), ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'] },
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    stdout += data.toString();
    watch?.(stdout, child);
  });
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
}

async function output(script: string): Promise<string> {
  const { code, stdout, stderr } = await example(script);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  return stdout;
}

/** The numbers that `pattern` captures. */
function numbers(text: string, pattern: RegExp): number[] {
  expect(text).toMatch(pattern);
  return pattern.exec(text)!.slice(1).map(Number);
}

describe('examples', () => {
  it('are all tested here', () => {
    const scripts = readdirSync(join(ROOT, 'examples')).filter((name) => /^\d.*\.ts$/.test(name));
    const tested = readFileSync(fileURLToPath(import.meta.url), 'utf8');
    for (const script of scripts) expect(tested).toContain(`output('${script}')`);
  });

  it('forget by index', async () => {
    const text = await output('01-forget-by-index.ts');
    expect(text).toContain('completed');
    expect(text).toContain('40 of 40 neighbours found');
    const [forgetBefore, forgetAfter] = numbers(text, /forgotten images: ([\d.]+) % before, ([\d.]+) % after/);
    const [unseenBefore, unseenAfter] = numbers(text, /unseen images: +([\d.]+) % before, ([\d.]+) % after/);
    const [ksBefore, ksAfter] = numbers(text, /forget-test: +([\d.]+) before, ([\d.]+) after/);
    // The model knew them by heart, and is now as unsure of them as of unseen ones.
    expect(forgetBefore).toBeGreaterThan(unseenBefore + 15);
    expect(Math.abs(forgetAfter - unseenAfter)).toBeLessThan(10);
    expect(unseenAfter).toBeGreaterThan(unseenBefore - 5);
    expect(ksAfter).toBeLessThan(ksBefore / 2);
  });

  it('forget a class', async () => {
    const text = await output('02-forget-a-class.ts');
    for (const method of ['Amun', 'RandomLabels']) {
      const [bags, others] = numbers(
        text,
        new RegExp(`${method} \\(completed\\): bags ([\\d.]+) %, other training images ([\\d.]+) %`),
      );
      expect(bags).toBeLessThan(10);
      expect(others).toBeGreaterThan(95);
    }
  });

  it('a search of one’s own', async () => {
    const text = await output('03-your-own-search.ts');
    expect(text).toContain('completed');
    const [before, after] = numbers(text, /forget accuracy: ([\d.]+) % before, ([\d.]+) % after/);
    expect(after).toBeLessThan(before);
    const [testBefore, testAfter] = numbers(text, /test accuracy: +([\d.]+) % before, ([\d.]+) % after/);
    expect(testAfter).toBeGreaterThan(testBefore - 5);
  });

  it('an unlearner of one’s own', async () => {
    const text = await output('04-your-own-unlearner.ts');
    const forget = Array.from(text.matchAll(/^epoch \d: forget ([\d.]+) %$/gm), ([, value]) => Number(value));
    expect(forget).toHaveLength(6);
    // Odd epochs ascend on the forget set, even ones repair.
    for (const ascent of [0, 2, 4]) expect(forget[ascent]).toBeLessThan(forget[ascent + 1]);
    const [after, test] = numbers(text, /completed: forget ([\d.]+) %, test ([\d.]+) %/);
    expect(after).toBeLessThan(90);
    expect(test).toBeGreaterThan(70);
    expect(text).toMatch(/epoch 6: repair loss \d/);
  });

  it('evaluate from logits', async () => {
    const text = await output('05-evaluate-from-logits.ts');
    const [auc] = numbers(text, /forget-vs-test AUC: ([\d.]+)/);
    expect(auc).toBeGreaterThan(0.9);
    expect(text).toContain('it still remembers');
  });

  it('save and load', async () => {
    const text = await output('06-save-and-load.ts');
    expect(text).toContain('backend wasm');
    const accuracies = (name: string) => numbers(text, new RegExp(`${name}: forget ([\\d.]+) %, test ([\\d.]+) %`));
    expect(accuracies('forgotten')[0]).toBeLessThan(accuracies('original')[0]);
    expect(accuracies('reloaded')).toEqual(accuracies('forgotten'));
  });
});

describe('the demonstration', () => {
  const folder = mkdtempSync(join(tmpdir(), 'amun-demo-'));
  const DEMO = 'fashion-mnist/main.ts';
  const files = ['report.html', 'report.json', 'report.md', 'overview.svg'];

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('compares all methods', async () => {
    const out = join(folder, 'quick');
    const { code, stdout, stderr } = await example(DEMO, ['--quick', '--train', '300', '--out', out]);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    for (const file of files) expect(existsSync(join(out, file)), file).toBe(true);
    const { rows, manifest } = JSON.parse(readFileSync(join(out, 'report.json'), 'utf8')) as {
      rows: { name: string; state: string; evaluation: { averageGap?: number; membership: object } }[];
      manifest: Record<string, unknown>;
    };
    const methods = ['Amun', 'FineTune', 'GradientAscent', 'RandomLabels', 'SalUn'];
    expect(rows.map(({ name }) => name)).toEqual(['Original', 'Retrain', ...methods]);
    for (const { name, state, evaluation } of rows) {
      expect(state, name).toBe('completed');
      expect(Object.keys(evaluation.membership).sort()).toEqual(['rmia', 'svc']);
      if (name !== 'Retrain') expect(evaluation.averageGap, name).toBeLessThan(0.5);
    }
    expect(manifest).toMatchObject({ seed: 2, backend: 'wasm', dataHash: expect.stringMatching(/^sha256:/) as string });
    expect(stdout).toContain('30 of 30 forgotten images have an adversarial neighbour');
    expect(stdout).not.toContain('cut short');
  });

  it('ends cleanly on Ctrl-C, with what it has', async () => {
    const out = join(folder, 'interrupted');
    const { code, stdout, stderr } = await example(
      DEMO,
      ['--quick', '--train', '300', '--threads', '1', '--out', out],
      (text, child) => {
        // With one thread: the original model, then the search.
        if (text.includes('done search-2') && !child.killed) child.kill('SIGINT');
      },
    );
    expect(stderr).toBe('');
    expect(code).toBe(130);
    expect(stdout).toContain('Stopping');
    expect(stdout).not.toContain('done SalUn');
    expect(stdout).toMatch(/report\.html \(\d+s, cut short\)/);
    for (const file of files) expect(existsSync(join(out, file)), file).toBe(true);
    expect(readFileSync(join(out, 'report.md'), 'utf8')).toContain('The run was cut short');
  });

  it('says how it is used', async () => {
    const { code, stdout } = await example(DEMO, ['--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Usage: npm run demo/);
  });

  it.each([
    [['--bogus'], "Unknown option '--bogus'"],
    [['extra'], "Unexpected argument 'extra'"],
    [['--train', '99'], "--train: expected a whole number of at least 100, got '99'."],
    [['--train', '20000'], 'has 10000 training images, fewer than 20000.'],
    [['--quick', '--full'], '--full and --quick exclude each other.'],
    [['--data', '/nowhere'], 'There is no train-labels-idx1-ubyte.gz in /nowhere'],
  ])('refuses %j in one line', async (args, message) => {
    const { code, stdout, stderr } = await example(DEMO, args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain(message);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
  });
});
