/** The activations that compiled kernels apply themselves, and how their C code names them (`add_bias` in rows.c). */
export const CLAMPS: ReadonlyMap<unknown, number> = new Map<unknown, number>([
  [undefined, 0],
  ['linear', 0],
  ['relu', 1],
  ['relu6', 2],
]);
