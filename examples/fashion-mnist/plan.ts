/**
 * What the demonstration runs: sizes, models, epochs, and the settings of each method.
 */
import { Amun, type AdversarialSet, FineTune, GradientAscent, RandomLabels, SalUn, type Unlearner } from 'amun-ts';
import type { ModelName } from './models';

/** The methods that are compared, in the order of the table. */
export const METHODS = ['Amun', 'FineTune', 'GradientAscent', 'RandomLabels', 'SalUn'] as const;
export type MethodName = (typeof METHODS)[number];

/** What is tuned of a method. */
export interface Setting {
  readonly learningRate: number;
  /** Epochs. */
  readonly epochs: number;
  /** Epochs between two cuts of the learning rate by ten. */
  readonly every: number;
}

/** How one run of the demonstration is laid out. */
export interface Plan {
  readonly name: string;
  readonly model: ModelName;
  readonly train: number;
  readonly test: number;
  readonly forgetFraction: number;
  /** Epochs, learning rate of the original and the retrained model. */
  readonly training: { readonly epochs: number; readonly learningRate: number };
  /** Reference models for RMIA, in parts of two that are trained side by side. */
  readonly references: { readonly parts: number; readonly epochs: number };
  /** Settings of each method; with several, the best on the tuning seed is reported on the others. */
  readonly grid: Readonly<Record<MethodName, readonly Setting[]>>;
}

/** Makes a method with a setting. AMUN gets the neighbours that were searched once. */
export function makeMethod(
  name: MethodName,
  { learningRate, epochs, every }: Setting,
  adversarial: AdversarialSet,
): Unlearner {
  const training = { learningRate, epochs, schedule: { every } } as const;
  switch (name) {
    case 'Amun':
      return new Amun({ ...training, adversarial });
    case 'FineTune':
      return new FineTune(training);
    case 'GradientAscent':
      return new GradientAscent(training);
    case 'RandomLabels':
      return new RandomLabels(training);
    case 'SalUn':
      return new SalUn({ method: new RandomLabels(training) });
  }
}

const setting = (learningRate: number, epochs: number, every: number): Setting => ({ learningRate, epochs, every });

const step5 = (...rates: number[]): Setting[] => rates.map((rate) => setting(rate, 10, 5));

const step1 = (...rates: number[]): Setting[] => rates.map((rate) => setting(rate, 4, 1));

/** Settings to try with the small network, the same number for each method. */
export const SMALL_GRID: Plan['grid'] = {
  Amun: step5(0.1, 0.05, 0.02, 0.01),
  FineTune: step5(0.2, 0.1, 0.05, 0.02),
  GradientAscent: step5(0.02, 0.01, 0.005, 0.002),
  RandomLabels: step5(0.1, 0.05, 0.02, 0.01),
  SalUn: step5(0.1, 0.05, 0.02, 0.01),
};

/** The best of them on the tuning seed, found with `npm run demo -- --tune`. */
const SMALL: Plan['grid'] = {
  Amun: step5(0.05),
  FineTune: step5(0.2),
  GradientAscent: step5(0.02),
  RandomLabels: step5(0.01),
  SalUn: step5(0.01),
};

/** The same number of settings for each method, around what suits it best in the literature and in a PyTorch run. */
const FULL: Plan['grid'] = {
  Amun: step5(0.1, 0.05, 0.02, 0.01),
  FineTune: step5(0.2, 0.1, 0.05, 0.02),
  GradientAscent: step5(0.02, 0.01, 0.005, 0.002),
  RandomLabels: step1(0.05, 0.02, 0.01, 0.005),
  SalUn: step1(0.05, 0.02, 0.01, 0.005),
};

/** 3,000 images and a small network: about a minute on two cores. */
export const STANDARD: Plan = {
  name: 'standard',
  model: 'small-cnn',
  train: 3000,
  test: 1000,
  forgetFraction: 0.1,
  training: { epochs: 30, learningRate: 0.05 },
  references: { parts: 2, epochs: 15 },
  grid: SMALL,
};

/** 1,000 images: about twenty seconds. */
export const QUICK: Plan = {
  ...STANDARD,
  name: 'quick',
  train: 1000,
  test: 500,
  references: { parts: 1, epochs: 15 },
};

/** A small residual network on all embedded images, with a grid for every method: up to two hours on two cores. */
export const FULL_PLAN: Plan = {
  name: 'full',
  model: 'resnet8',
  train: 10_000,
  test: 2000,
  forgetFraction: 0.1,
  training: { epochs: 20, learningRate: 0.1 },
  references: { parts: 2, epochs: 8 },
  grid: FULL,
};
