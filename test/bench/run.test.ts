/**
 * A run on a few images: its figures mean nothing, their shape does.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { RATIOS } from '../../bench/ratios';
import type { Report } from '../../bench/run';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

const MISSING_WITHOUT_TORCH = [
  'inferenceVsTorch',
  'pgdVsTorch',
  'trainVsTorch',
  'searchVsOfficial',
  'searchDistanceVsOfficial',
  'amunVsTorch',
] as const;

const MEASURED = [
  'amunVsRetrain',
  'amunAdversarialOnlyVsRetrain',
  'amunVsPaperRetrain',
  'amunAdversarialOnlyVsPaperRetrain',
  'wasmTrainRoofline',
  'wasmPgdRoofline',
] as const;

describe('bench --json', () => {
  let stdout = '';
  let report: Report;

  beforeAll(async () => {
    const options = ['--json', '--sizes', 'tiny', '--engine', 'wasm', '--no-peers', '--only', 'steps,roofline,amun'];
    const call = ['--import', 'tsx', 'bench/main.ts', ...options];
    ({ stdout } = await promisify(execFile)(process.execPath, call, { cwd: ROOT }));
    report = JSON.parse(stdout) as Report;
  });

  it('prints one JSON object and nothing else', () => {
    expect(stdout.trim().split('\n')).toHaveLength(1);
    expect(Array.isArray(report)).toBe(false);
  });

  it('has every ratio that is promised, as a number or null', () => {
    const promised = [...MISSING_WITHOUT_TORCH, 'amunVsRetrain', 'wasmTrainRoofline', 'wasmPgdRoofline', 'twoWorkers'];
    expect(Object.keys(report.ratios)).toEqual(expect.arrayContaining(promised));
    expect(Object.keys(report.ratioDetails)).toEqual(Object.keys(RATIOS));
    for (const [name, { value, meaning, better }] of Object.entries(report.ratioDetails)) {
      expect(report.ratios[name as keyof typeof RATIOS]).toBe(value);
      expect(meaning.length).toBeGreaterThan(20);
      expect(['higher', 'lower']).toContain(better);
    }
  });

  it.each(MISSING_WITHOUT_TORCH)('says why it has no %s without PyTorch', (name) => {
    expect(report.ratios[name]).toBeNull();
    expect(report.ratioDetails[name].reason).toContain('--no-peers');
  });

  it.each(MEASURED)('measures %s on wasm alone', (name) => {
    const { value, range, aim, reached, better } = report.ratioDetails[name];
    expect(value).toBeGreaterThan(0);
    expect(range![0]).toBeLessThanOrEqual(value!);
    expect(range![1]).toBeGreaterThanOrEqual(value!);
    expect(reached).toBe(better === 'higher' ? value! >= aim : value! <= aim);
  });

  it('labels what is projected', () => {
    expect(report.ratioDetails.amunVsPaperRetrain.note).toMatch(/200 epochs projected from \d+/);
    expect(report.ratioDetails.amunVsRetrain.note).toMatch(/20 epochs projected from 2/);
  });

  it('says what ran, how fast, and in how much memory', () => {
    expect(report.processes).toHaveLength(1);
    expect(report.processes[0]).toMatchObject({ name: 'amun-ts wasm', engine: 'wasm', threads: 1 });
    expect(report.steps!.map(({ operation }) => operation)).toEqual(['inference', 'pgd', 'train']);
    for (const { rates } of report.steps!) expect(rates['amun-ts wasm'].imagesPerSecond.median).toBeGreaterThan(0);
    expect(report.amun!.runs['amun-ts wasm'].found).toBe(2);
    expect(report.peakRssMb['amun-ts wasm']).toBeGreaterThan(50);
  });
});
