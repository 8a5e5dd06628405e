/**
 * Batch normalisation. In inference it is a scale and an offset by channel, which the convolution before it takes in. In training, and
 * for its gradient, see `src/wasm/norm-kernels.ts` for the formulas: the same three passes here, over blocked channels.
 */
import type { TraceNode } from '../trace';
import { type Emitter, NCHWC, type Translator, Value } from '../emitter';
import type { Name } from '../onnx/model';
import { NotCapturable } from '../program';
import { input, optionalInput, pendingAffine } from './conv';

/** y = x·s + (offset − mean·s) with s = scale / √(variance + ε). */
const inference: Translator = (node, emitter) => {
  const { model } = emitter;
  const x = input(node, 'x');
  const name = (key: string): Name => emitter.plain(input(node, key));
  const [scale, offset] = [optionalInput(node, 'scale'), optionalInput(node, 'offset')];
  const inverse = reciprocalRoot(emitter, name('variance'), node.attrs['varianceEpsilon'] as number);
  const s = scale === undefined ? inverse : model.node('Mul', [emitter.plain(scale), inverse]);
  const shift = model.node('Neg', [model.node('Mul', [name('mean'), s])]);
  const t = offset === undefined ? shift : model.node('Add', [emitter.plain(offset), shift]);
  const [output] = node.outputs;
  // Layer normalisation comes here too, with statistics of the whole shape.
  const isByChannel = ['mean', 'variance', 'scale', 'offset'].every(
    (key) => (optionalInput(node, key)?.shape.length ?? 1) === 1,
  );
  if (emitter.block === 0 || x.shape.length !== 4 || !isByChannel) {
    emitter.set(output, model.node('Add', [model.node('Mul', [emitter.plain(x), s]), t]));
    return;
  }
  const value = emitter.valueAs(x);
  const result = emitter.result(output);
  if (value.pending !== undefined && value.pending.sum === undefined && emitter.isSole(x)) {
    const { bias } = value.pending;
    const total = bias === undefined ? t : model.node('Add', [model.node('Mul', [bias, s]), t]);
    result.pending = { ...value.pending.scaled(s), bias: total };
    value.pending = undefined;
  } else result.pending = pendingAffine(emitter, value, s, t);
};

function reciprocalRoot({ model }: Emitter, variance: Name, epsilon: number): Name {
  return model.node('Reciprocal', [model.node('Sqrt', [model.node('Add', [variance, model.scalar(epsilon)])])]);
}

/** Mean by channel over everything else: [C]. */
function channelMean(emitter: Emitter, blocked: Name, channels: number): Name {
  const { model } = emitter;
  const perExample = model.node('GlobalAveragePool', [blocked], {}, NCHWC);
  const mean = model.node('ReduceMean', [perExample], { axes: [0, 2, 3], keepdims: 0 });
  return emitter.padded(channels) === channels
    ? mean
    : model.node('Slice', [mean, model.ints([0]), model.ints([channels]), model.ints([0])]);
}

function ones({ model }: Emitter, channels: number): Name {
  return model.floats(new Float32Array(channels).fill(1));
}

/** x − mean, in blocks. Asked for again by the gradient, it is the same node. */
function centred(emitter: Emitter, x: Value, mean: Name): Value {
  const result = new Value(x.shape, 'float32');
  const offset = emitter.model.node('Neg', [mean]);
  result.blocked = pendingAffine(emitter, x, ones(emitter, x.shape[3]), undefined).emit({ bias: offset });
  return result;
}

const training: Translator = (node, emitter) => {
  const x = input(node, 'x');
  if (emitter.block === 0 || x.shape.length !== 4) {
    plainTraining(node, emitter);
    return;
  }
  const { model } = emitter;
  const value = emitter.valueAs(x);
  const channels = x.shape[3];
  const mean = channelMean(emitter, emitter.blockedOf(value), channels);
  const rest = centred(emitter, value, mean);
  const blocked = emitter.blockedOf(rest);
  const variance = channelMean(emitter, model.node('Mul', [blocked, blocked]), channels);
  const offset = optionalInput(node, 'offset');
  const bias = offset === undefined ? undefined : emitter.plain(offset);
  const { slope } = slopes(node, emitter, variance);
  emitter.result(node.outputs[0]).pending = pendingAffine(emitter, rest, slope, bias);
  emitter.set(node.outputs[1], mean);
  emitter.set(node.outputs[2], variance);
};

/** 1 / √(variance + ε), and that times the scale. */
function slopes(node: TraceNode, emitter: Emitter, variance: Name): { inverse: Name; slope: Name } {
  const scale = optionalInput(node, 'scale');
  const inverse = reciprocalRoot(emitter, variance, node.attrs['epsilon'] as number);
  const slope = scale === undefined ? inverse : emitter.model.node('Mul', [emitter.plain(scale), inverse]);
  return { inverse, slope };
}

const trainingGradient: Translator = (node, emitter) => {
  const [dy, x] = [input(node, 'dy'), input(node, 'x')];
  if (emitter.block === 0 || x.shape.length !== 4) {
    plainTrainingGradient(node, emitter);
    return;
  }
  const { model } = emitter;
  const channels = x.shape[3];
  const rest = centred(emitter, emitter.valueAs(x), emitter.plain(input(node, 'mean')));
  const slopeIn = emitter.blockedOf(emitter.valueAs(dy));
  const meanSlope = channelMean(emitter, slopeIn, channels);
  const meanProduct = channelMean(emitter, model.node('Mul', [slopeIn, emitter.blockedOf(rest)]), channels);
  const { inverse, slope } = slopes(node, emitter, emitter.plain(input(node, 'variance')));
  const weight = model.node('Neg', [model.node('Mul', [model.node('Mul', [inverse, inverse]), meanProduct])]);
  const inner = new Value(dy.shape, 'float32');
  inner.blocked = pendingAffine(emitter, rest, weight, undefined).emit({
    bias: model.node('Neg', [meanSlope]),
    sum: slopeIn,
  });
  emitter.result(node.outputs[0]).factor = { of: inner, vector: slope };
  setSums(node, emitter, meanProduct, meanSlope, inverse);
};

/** Gradients by scale and offset, from means over all rows. */
function setSums(node: TraceNode, emitter: Emitter, meanProduct: Name, meanSlope: Name, inverse: Name): void {
  const { model } = emitter;
  const { shape } = input(node, 'x');
  if (shape.some((length) => length < 0)) throw new NotCapturable('batch norm in training takes the batch as a whole');
  const count = model.scalar(shape.slice(0, -1).reduce((product, length) => product * length, 1));
  emitter.set(node.outputs[1], model.node('Mul', [model.node('Mul', [meanProduct, count]), inverse]));
  emitter.set(node.outputs[2], model.node('Mul', [meanSlope, count]));
}

function plainMean({ model }: Emitter, name: Name, rank: number): Name {
  return model.node('ReduceMean', [name], { axes: Array.from({ length: rank - 1 }, (_, axis) => axis), keepdims: 0 });
}

function plainTraining(node: TraceNode, emitter: Emitter): void {
  const { model } = emitter;
  const x = input(node, 'x');
  const [name, rank] = [emitter.plain(x), x.shape.length];
  const mean = plainMean(emitter, name, rank);
  const rest = model.node('Sub', [name, mean]);
  const variance = plainMean(emitter, model.node('Mul', [rest, rest]), rank);
  const { slope } = slopes(node, emitter, variance);
  const offset = optionalInput(node, 'offset');
  const scaled = model.node('Mul', [rest, slope]);
  emitter.set(node.outputs[0], offset === undefined ? scaled : model.node('Add', [scaled, emitter.plain(offset)]));
  emitter.set(node.outputs[1], mean);
  emitter.set(node.outputs[2], variance);
}

function plainTrainingGradient(node: TraceNode, emitter: Emitter): void {
  const { model } = emitter;
  const x = input(node, 'x');
  const [dy, rank] = [emitter.plain(input(node, 'dy')), x.shape.length];
  const rest = model.node('Sub', [emitter.plain(x), emitter.plain(input(node, 'mean'))]);
  const { inverse, slope } = slopes(node, emitter, emitter.plain(input(node, 'variance')));
  const meanSlope = plainMean(emitter, dy, rank);
  const meanProduct = plainMean(emitter, model.node('Mul', [dy, rest]), rank);
  const weight = model.node('Mul', [model.node('Mul', [inverse, inverse]), meanProduct]);
  const direct = model.node('Sub', [model.node('Sub', [dy, meanSlope]), model.node('Mul', [rest, weight])]);
  emitter.set(node.outputs[0], model.node('Mul', [direct, slope]));
  setSums(node, emitter, meanProduct, meanSlope, inverse);
}

export const BATCH_NORMS: Readonly<Record<string, Translator>> = {
  FusedBatchNorm: inference,
  AmunTrainNorm: training,
  AmunTrainNormGradient: trainingGradient,
};
