/**
 * Labels on the host: class ids and one-hot rows become an Int32Array, anything else is refused by name. Soft labels,
 * several classes per example and "no class" have no meaning here: a search for misclassified neighbours needs one
 * class.
 */
import type { Tensor } from '@tensorflow/tfjs-core';
import { AmunError } from '../core/errors';
import { showShape } from './check';

/** What the labels are read for. */
export interface LabelReading {
  /** Class count of the model, where there is one: ids must be below it, one-hot rows as wide. */
  readonly classCount?: number;
  /** How a message names the example of a row. */
  readonly nameRow?: (row: number) => string;
}

const nameRowPlainly = (row: number): string => `example ${row}`;

type Values = ArrayLike<number>;

function checkId(where: string, value: number, name: string, classCount: number | undefined): void {
  if (!Number.isInteger(value)) {
    const kind = Number.isNaN(value) ? 'NaN' : `${value}, not a whole number`;
    throw new AmunError(
      'invalid-labels',
      `${where}: the label of ${name} is ${kind}; labels are class ids 0, 1, 2 … or one-hot rows.`,
    );
  }
  if (value < 0 || value >= (classCount ?? 2 ** 31)) {
    const range = classCount === undefined ? 'at least 0' : `0 … ${classCount - 1} for ${classCount} classes`;
    const hint = value === classCount ? ' Class ids start at 0, not at 1.' : '';
    throw new AmunError('invalid-labels', `${where}: the label of ${name} is ${value}; expected ${range}.${hint}`);
  }
}

/**
 * Checks class ids and copies them.
 *
 * @throws AmunError `invalid-labels` at the first that is fractional, NaN, negative or not below `classCount`.
 */
export function classIds(where: string, values: Values, { classCount, nameRow }: LabelReading = {}): Int32Array {
  const ids = new Int32Array(values.length);
  for (let row = 0; row < ids.length; row += 1) {
    // The common case stays free of the closure and of message building.
    const value = values[row];
    ids[row] = value;
    if (ids[row] !== value || value < 0 || (classCount !== undefined && value >= classCount)) {
      checkId(where, value, (nameRow ?? nameRowPlainly)(row), classCount);
    }
  }
  return ids;
}

/** The class of one one-hot row, or an error that says what the row is instead. */
function classOfRow(where: string, values: Values, start: number, width: number, name: () => string): number {
  let found = -1;
  for (let column = 0; column < width; column += 1) {
    const value = values[start + column];
    if (value === 0) continue;
    if (value !== 1) {
      const kind = Number.isNaN(value) ? 'NaN' : `${value}: soft labels are not supported`;
      throw new AmunError(
        'invalid-labels',
        `${where}: expected one-hot rows of 0 and 1, but ${name()} has ${kind}; pass the class with the highest value instead.`,
      );
    }
    if (found >= 0) {
      throw new AmunError(
        'invalid-labels',
        `${where}: ${name()} belongs to classes ${found} and ${column}; several labels per example are not supported.`,
      );
    }
    found = column;
  }
  if (found < 0) throw new AmunError('invalid-labels', `${where}: the one-hot row of ${name()} names no class.`);
  return found;
}

/**
 * Reads labels `ys` ([N] or [N, 1] class ids of any dtype, or one-hot [N, K]) into class ids [N].
 *
 * @throws AmunError `invalid-labels` for ids that are fractional, NaN or out of range, and for rows that are not
 * one-hot; `class-count-mismatch` for one-hot rows of another width than the model's class count.
 */
export async function readLabels(where: string, ys: Tensor, reading: LabelReading = {}): Promise<Int32Array> {
  const { classCount, nameRow = nameRowPlainly } = reading;
  const width = ys.shape[1] ?? 1;
  if ((ys.dtype as string) === 'string' || ys.shape.length < 1 || ys.shape.length > 2 || width === 0) {
    throw new AmunError(
      'invalid-labels',
      `${where}: expected class ids [N] or one-hot rows [N, K], got labels of type ${ys.dtype} and shape ${showShape(ys.shape)}.`,
    );
  }
  if (width > 1 && classCount !== undefined && width !== classCount) {
    throw new AmunError(
      'class-count-mismatch',
      `${where}: one-hot labels are ${width} wide, but the model tells ${classCount} classes apart.`,
    );
  }
  const values = await ys.data();
  if (width === 1) return classIds(where, values, reading);
  return Int32Array.from({ length: ys.shape[0] }, (_, row) =>
    classOfRow(where, values, row * width, width, () => nameRow(row)),
  );
}

/** The labels of these indices, in this order. */
export function pickLabels(labels: Int32Array, indices: Int32Array): Int32Array {
  return Int32Array.from(indices, (index) => labels[index]);
}
