/**
 * The sweep: every op that tfjs can differentiate, on wasm against cpu and against central differences. A kernel that
 * exists is not for that reason right: tfjs' own were wrong for dozens of these ops.
 */
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { useWasm } from 'amun-ts/wasm';
import { elementwiseCases } from './sweep-cases-elementwise';
import { indexCases } from './sweep-cases-index';
import { reductionCases } from './sweep-cases-reduction';
import { shapeCases } from './sweep-cases-shape';
import { spatialCases } from './sweep-cases-spatial';
import { contradiction, difference } from './sweep-compare';
import { outcome, VALUE_KINDS } from './sweep-run';
import type { Outcome, SweepCase, ValueKind } from './sweep-run';

const SEED = 7;
const CASES = [...elementwiseCases, ...reductionCases, ...shapeCases, ...indexCases, ...spatialCases];
const KERNELS = [...new Set(CASES.map((test) => test.kernel))];

/** Every kernel that tfjs-core knows by name and has a gradient for. */
function differentiableKernels(): string[] {
  const names = Object.values(tf).filter((value): value is string & typeof value => typeof value === 'string');
  return [...new Set<string>(names)].filter((name) => tf.getGradient(name) !== undefined);
}

/** Complex tensors do not exist on wasm: see the test of their refusal. */
const WITHOUT_CASES = ['ComplexAbs'];

/**
 * Where NaN and infinities may differ from cpu: SIMD minima, maxima and ReLUs swallow NaN, and the zeros that pad or stuff
 * a window turn an infinity into NaN; cpu's segment sum spreads NaN over all segments. Training never meets them: the divergence guard looks at loss and weights.
 */
const NAN_DIFFERS = new Set<string>([
  ...[
    tf.ClipByValue,
    tf.Relu,
    tf.Relu6,
    tf.Maximum,
    tf.Minimum,
    tf.Prelu,
    tf.MaxPool,
    tf.AvgPool,
    tf.MaxPool3D,
    tf.Conv3DBackpropInputV2,
  ],
  ...[tf.Conv2D, tf.Conv2DBackpropInput, tf.Conv3D, tf.DepthwiseConv2dNative, tf.Dilation2D, tf.ResizeBilinear],
  ...[tf.UnsortedSegmentSum],
  ...['_FusedMatMul', 'FusedConv2D', 'FusedDepthwiseConv2D'],
]);

function kindsOf(test: SweepCase): readonly ValueKind[] {
  return (test.kinds ?? VALUE_KINDS).filter((kind) => kind !== 'nan' || !NAN_DIFFERS.has(test.kernel));
}

/** The case as cpu can be asked: without gradients where cpu's are wrong. */
function referenceCase(test: SweepCase): SweepCase {
  return test.cpuGradientFault === undefined ? test : { ...test, wrt: [] };
}

async function outcomesOn(backend: string, tests: readonly SweepCase[]): Promise<Outcome[][]> {
  await tf.setBackend(backend);
  return tests.map((test) => kindsOf(test).map((kind) => outcome(test, kind, SEED)));
}

beforeAll(async () => {
  await useWasm();
});

describe('the sweep of tfjs ops on wasm', () => {
  it('has cases for every kernel with a gradient', () => {
    const missing = differentiableKernels().filter((name) => !KERNELS.includes(name));
    expect(missing).toEqual(WITHOUT_CASES);
    expect(differentiableKernels().length).toBeGreaterThan(100);
  });

  it.each(KERNELS)('%s agrees with cpu and with central differences', async (kernel) => {
    const tests = CASES.filter((test) => test.kernel === kernel);
    const references = await outcomesOn('cpu', tests.map(referenceCase));
    const outcomes = await outcomesOn('wasm', tests);
    const faults = tests.flatMap((test, i) => {
      const about = (what: string, fault: string | undefined): string[] =>
        fault === undefined ? [] : [`${test.label}, ${what}: ${fault}`];
      const differences = kindsOf(test).flatMap((kind, k) => {
        const expected = references[i][k];
        return about(kind, difference(test, outcomes[i][k], expected, test.cpuGradientFault !== undefined));
      });
      const judged = kindsOf(test).includes('random') && !('error' in references[i][0]);
      const numeric = judged && test.finiteDifference !== false ? contradiction(test, outcomes[i][0], SEED) : undefined;
      return [...differences, ...about('central difference', numeric)];
    });
    expect(faults).toEqual([]);
  });

  it('compares at least one forward value of every kernel: refusals are not agreement', async () => {
    const references = await outcomesOn('cpu', CASES.map(referenceCase));
    const computed = KERNELS.filter((kernel) =>
      CASES.some((test, i) => test.kernel === kernel && references[i].some((reference) => 'values' in reference)),
    );
    expect(computed).toEqual(KERNELS);
  });

  it('refuses complex numbers in words', async () => {
    await tf.setBackend('wasm');
    expect(() => tf.tidy(() => tf.complex([1], [2]))).toThrow(
      expect.objectContaining({ name: 'AmunError', code: 'kernel-missing' }) as Error,
    );
  });
});
