/**
 * The part of `libsvm-js` 0.2 that is used here; the package has no types of its own. `#libsvm` is a subpath import of
 * package.json: Node gets the asm.js build that requires `fs`, browsers the one bundled without it.
 */
declare module '#libsvm' {
  /** One support vector machine. Its memory is not garbage collected: call `free`. */
  export interface Svm {
    train(samples: readonly ArrayLike<number>[], labels: readonly number[]): void;
    /** Which training samples are support vectors, in the order of the serialised coefficients. */
    getSVIndices(): number[];
    serializeModel(): string;
    free(): void;
  }

  /** Makes a machine: type '0' is C-SVC, kernel '2' RBF. */
  export type SvmConstructor = new (options: {
    type: string;
    kernel: string;
    cost: number;
    gamma: number;
    quiet: boolean;
  }) => Svm;

  const libsvm: SvmConstructor;
  export default libsvm;
}
