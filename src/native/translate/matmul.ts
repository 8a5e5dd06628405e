/**
 * Products of matrices, singly and in batches.
 */
import type { Emitter, Translator } from '../emitter';
import type { Name } from '../onnx/model';
import type { TraceNode } from '../trace';
import { activate } from './activations';
import { input, optionalInput } from './conv';

/** One matrix on each side: the runtime's `Gemm` transposes while it packs. */
function single(emitter: Emitter, node: TraceNode): Name {
  const { model } = emitter;
  const [a, b] = ['a', 'b'].map((name) => {
    const use = input(node, name);
    return emitter.plain({ value: use.value, shape: use.shape.slice(-2) });
  });
  const { transposeA, transposeB } = node.attrs as Record<string, boolean>;
  if (!transposeA && !transposeB) return model.node('MatMul', [a, b]);
  return model.node('Gemm', [a, b], { transA: transposeA ? 1 : 0, transB: transposeB ? 1 : 0 });
}

function many(emitter: Emitter, node: TraceNode): Name {
  const { model } = emitter;
  const { transposeA, transposeB } = node.attrs as Record<string, boolean>;
  const [a, b] = (
    [
      ['a', transposeA],
      ['b', transposeB],
    ] as const
  ).map(([name, transpose]) => {
    const use = input(node, name);
    const rank = use.shape.length;
    const perm = use.shape.map((_, axis) => axis);
    [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
    return transpose ? model.node('Transpose', [emitter.plain(use)], { perm }) : emitter.plain(use);
  });
  return model.node('MatMul', [a, b]);
}

const matMul: Translator = (node, emitter) => {
  const isSingle = ['a', 'b'].every((name) =>
    input(node, name)
      .shape.slice(0, -2)
      .every((length) => length === 1),
  );
  const product = isSingle ? single(emitter, node) : many(emitter, node);
  const bias = optionalInput(node, 'bias');
  const sum = bias === undefined ? product : emitter.model.node('Add', [product, emitter.plain(bias)]);
  const [output] = node.outputs;
  emitter.set(output, isSingle ? emitter.reshape(sum, output.shape) : sum);
  activate(node, emitter, output);
};

export const PRODUCTS: Readonly<Record<string, Translator>> = { BatchMatMul: matMul, _FusedMatMul: matMul };
