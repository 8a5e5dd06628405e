/** Bytes derived by hand from protobuf.dev, "Encoding", and from the field numbers of onnx.proto3. */
import { describe, expect, it } from 'vitest';
import { OnnxModel } from '../../src/native/onnx/model';
import { Message } from '../../src/native/onnx/protobuf';

const bytes = (message: Message): number[] => Array.from(message.encode());

describe('messages', () => {
  it('write 150 in field 1 as two groups of seven bits, as the documentation does', () => {
    // Tag 1 << 3 | 0; 150 = 0b1_0010110: the low group first, marked as having a successor.
    expect(bytes(new Message().int(1, 150))).toEqual([0x08, 0x96, 0x01]);
  });

  it('write zero, and the last number of one byte', () => {
    expect(bytes(new Message().int(2, 0).int(2, 127).int(2, 128))).toEqual([0x10, 0, 0x10, 0x7f, 0x10, 0x80, 0x01]);
  });

  it('write −1 as ten bytes of 64 bits', () => {
    expect(bytes(new Message().int(3, -1))).toEqual([0x18, ...new Array<number>(9).fill(0xff), 0x01]);
  });

  it('write numbers of more than 32 bits', () => {
    // 2⁴⁰ is bit 5 of the sixth group of seven.
    expect(bytes(new Message().int(1, 2 ** 40))).toEqual([0x08, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20]);
  });

  it('write fields from 16 on with tags of two bytes', () => {
    // 20 << 3 = 160 = 0b1_0100000.
    expect(bytes(new Message().int(20, 7))).toEqual([0xa0, 0x01, 0x07]);
  });

  it('write a float in four bytes, the lowest first', () => {
    // −2.5 = −1.25 · 2¹: sign 1, exponent 128, fraction 01₂ -> 0xc0200000.
    expect(bytes(new Message().float(2, -2.5))).toEqual([0x15, 0x00, 0x00, 0x20, 0xc0]);
  });

  it('write text in UTF-8 behind its length in bytes', () => {
    expect(bytes(new Message().string(2, 'testing'))).toEqual([0x12, 7, ...Buffer.from('testing')]);
    expect(bytes(new Message().string(2, 'é'))).toEqual([0x12, 2, 0xc3, 0xa9]);
  });

  it('nest', () => {
    const inner = new Message().int(1, 150);
    expect(bytes(new Message().message(3, inner).messages(4, [inner, new Message()]))).toEqual([
      ...[0x1a, 3, 0x08, 0x96, 0x01],
      ...[0x22, 3, 0x08, 0x96, 0x01],
      ...[0x22, 0],
    ]);
  });
});

describe('a model', () => {
  const field = (number: number, body: number[]): number[] => [(number << 3) | 2, body.length, ...body];
  const text = (number: number, value: string): number[] => field(number, Array.from(Buffer.from(value)));

  it('is the bytes of ModelProto', () => {
    const model = new OnnxModel();
    model.output('y', model.input('x', 'float32', [null, 3]), 'float32', [null, 3]);
    // TensorShapeProto: a dimension by name (2), and one by value (1).
    const shape = [...field(1, text(2, 'batch')), ...field(1, [0x08, 3])];
    const type = field(1, [0x08, 1, ...field(2, shape)]);
    const info = (name: string): number[] => [...text(1, name), ...field(2, type)];
    const identity = [...text(1, 'x'), ...text(2, 'y'), ...text(4, 'Identity')];
    const graph = [...field(1, identity), ...text(2, 'step'), ...field(11, info('x')), ...field(12, info('y'))];
    const opset = (domain: string, version: number): number[] => field(8, [...text(1, domain), 0x10, version]);
    expect(Array.from(model.encode())).toEqual([
      ...[0x08, 8],
      ...text(2, 'amun-ts'),
      ...[(7 << 3) | 2, graph.length, ...graph],
      ...opset('', 17),
      ...opset('com.microsoft', 1),
      ...opset('com.microsoft.nchwc', 1),
    ]);
    // Every length above fits one byte.
    expect(graph.length).toBeLessThan(128);
  });

  it('holds small constants and equal nodes once', () => {
    const model = new OnnxModel();
    expect(model.scalar(2)).toBe(model.scalar(2));
    expect(model.scalar(0)).not.toBe(model.scalar(-0));
    expect(model.floats([1, 2])).not.toBe(model.floats([1, 2], [2, 1]));
    expect(model.ints([1])).not.toBe(model.constant('int32', Int32Array.of(1), [1]));
    const x = model.input('x', 'float32', [2]);
    expect(model.node('Relu', [x])).toBe(model.node('Relu', [x]));
    expect(model.node('Elu', [x], { alpha: { f: 1 } })).not.toBe(model.node('Elu', [x], { alpha: { f: 2 } }));
  });

  it('writes attributes by their types', () => {
    const model = new OnnxModel();
    model.node('Op', ['x'], { count: 3, list: [1, -1], text: 'ab', real: { f: 1 } }, 'd');
    const encoded = Buffer.from(model.encode());
    const list = [...text(1, 'list'), 0x40, 1, 0x40, ...new Array<number>(9).fill(0xff), 0x01, 0xa0, 0x01, 7];
    for (const attribute of [
      [...text(1, 'count'), 0x18, 3, 0xa0, 0x01, 2],
      list,
      [...text(1, 'text'), ...text(4, 'ab'), 0xa0, 0x01, 3],
      [...text(1, 'real'), 0x15, 0, 0, 0x80, 0x3f, 0xa0, 0x01, 1],
    ]) {
      expect(encoded.includes(Buffer.from(field(5, attribute)))).toBe(true);
    }
    expect(encoded.includes(Buffer.from(text(7, 'd')))).toBe(true);
  });
});
