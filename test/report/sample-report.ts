/** A report with every part, of made-up but plausible numbers. */
import type {
  ConfidenceHistogram,
  EpochRecord,
  Evaluation,
  NeighbourPair,
  Report,
  ReportRole,
  ReportRow,
} from '../../src/report/index';
import { aggregateRuns, REPORT_SCHEMA } from '../../src/report/index';

const BINS = 20;

/** Shares that fall off from the highest bin, which holds `top`. */
function shares(top: number): number[] {
  const tail = Array.from({ length: BINS - 1 }, (_, i) => 1 / (BINS - i) ** 1.3 + (i === 0 ? 0.25 : 0));
  const sum = tail.reduce((total, share) => total + share, 0);
  return [...tail.map((share) => ((1 - top) * share) / sum), top];
}

function confidence(forget: number, retain: number, test: number): ConfidenceHistogram {
  const edges = Array.from({ length: BINS + 1 }, (_, i) => i / BINS);
  return {
    forget: shares(forget),
    retain: shares(retain),
    test: shares(test),
    edges,
    ksForgetTest: Math.abs(forget - test),
  };
}

/** A ROC curve tpr = fpr^a, whose area is 1 / (a + 1). */
function roc(auc: number) {
  const fpr = Array.from({ length: 41 }, (_, i) => i / 40);
  return { fpr, tpr: fpr.map((rate) => rate ** (1 / auc - 1)) };
}

export interface Figures {
  forget: number;
  retain: number;
  test: number;
  auc: number;
  svc: number;
  top: [number, number, number];
}

const RETRAINED: Figures = { forget: 0.886, retain: 1, test: 0.883, auc: 0.503, svc: 0.142, top: [0.72, 0.98, 0.717] };

function around(value: number, half: number) {
  return { low: value - half, high: value + half, level: 0.95 };
}

export function evaluationOf(figures: Figures, ideal: Figures | undefined = RETRAINED): Evaluation {
  const { forget, retain, test, auc, svc, top } = figures;
  const gap = (key: 'forget' | 'retain' | 'test' | 'auc' | 'svc') => figures[key] - ideal![key];
  const accuracies = () => Math.abs(gap('forget')) + Math.abs(gap('retain')) + Math.abs(gap('test'));
  const forgetVsTest = {
    auc,
    aucInterval: around(auc, 0.012),
    accuracy: 0.5 + Math.abs(auc - 0.5),
    tprAtFpr: [{ fpr: 0.01, tpr: 0.012, resolved: true }],
    roc: roc(auc),
    positives: 300,
    negatives: 2000,
  };
  return {
    forgetAccuracy: forget,
    forgetAccuracyInterval: around(forget, 0.02),
    retainAccuracy: retain,
    retainAccuracyInterval: around(retain, 0.001),
    testAccuracy: test,
    testAccuracyInterval: around(test, 0.012),
    confidence: confidence(...top),
    membership: {
      rmia: { name: 'rmia', forgetVsTest, details: {} },
      svc: { name: 'svc', efficacy: { confidence: svc }, details: {} },
    },
    sizes: { forget: 300, retain: 2700, test: 2000 },
    ...(ideal !== undefined && {
      averageGap: (accuracies() + Math.abs(gap('auc'))) / 4,
      averageGapSvc: (accuracies() + Math.abs(gap('svc'))) / 4,
    }),
    summary: [],
    warnings: [],
    seed: 1,
    durationMs: 4000,
  };
}

function history(epochs: number, passes: Record<string, (epoch: number) => number>): EpochRecord[] {
  return Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    learningRate: i < 5 ? 0.05 : 0.005,
    losses: Object.fromEntries(Object.entries(passes).map(([pass, loss]) => [pass, loss(i + 1)])),
    durationMs: 1200,
  }));
}

function row(name: string, role: ReportRole, figures: Figures, more: Partial<ReportRow> = {}): ReportRow {
  return { name, role, evaluation: evaluationOf(figures), ...more };
}

/** The comparison's rows; `shift` moves the methods' figures a little, as another seed would. */
export function sampleRows(shift = 0): ReportRow[] {
  const falling = (from: number) => (epoch: number) => (from + shift) / epoch;
  return [
    row('Original', 'original', {
      forget: 1,
      retain: 1,
      test: 0.889 + shift,
      auc: 0.634,
      svc: 0.011,
      top: [0.97, 0.98, 0.73],
    }),
    row('Retrain', 'reference', RETRAINED, { seconds: 96.4, history: history(24, { train: falling(2) }) }),
    row(
      'FineTune',
      'method',
      { forget: 0.984 + shift, retain: 1, test: 0.891, auc: 0.598 + shift, svc: 0.03, top: [0.9, 0.97, 0.73] },
      { seconds: 14.2, history: history(10, { train: falling(0.05) }) },
    ),
    row(
      'GradientAscent',
      'method',
      { forget: 0.931 + shift, retain: 0.992, test: 0.862 + shift, auc: 0.56, svc: 0.09, top: [0.78, 0.95, 0.66] },
      {
        seconds: 16.8,
        state: 'diverged',
        history: history(8, { retain: falling(0.1), forget: (epoch) => -0.02 * epoch ** 2 }),
        warnings: ['the loss on the forget set passed −1; a smaller learning rate may help'],
      },
    ),
    row(
      'RandomLabels',
      'method',
      { forget: 0.901, retain: 0.997, test: 0.874 - shift, auc: 0.461 + shift, svc: 0.26, top: [0.52, 0.94, 0.68] },
      { seconds: 15.9, history: history(10, { train: falling(0.9) }) },
    ),
    row(
      'SalUn',
      'method',
      { forget: 0.911, retain: 0.999, test: 0.878 - shift, auc: 0.474 + shift, svc: 0.21, top: [0.57, 0.96, 0.69] },
      { seconds: 17.3, history: history(10, { train: falling(0.8) }) },
    ),
    row(
      'Amun',
      'method',
      { forget: 0.892 + shift, retain: 0.999, test: 0.881, auc: 0.509 + shift / 2, svc: 0.15, top: [0.73, 0.97, 0.72] },
      {
        seconds: 19.6,
        searchSeconds: 5.2,
        options: { learningRate: 0.05, maxEpsilon: Infinity },
        history: history(10, { train: falling(0.6) }),
        note: 'trained on neighbours and retain data',
      },
    ),
  ];
}

/** A disc or a cross on a dark ground. */
function picture(kind: number, size = 28): number[] {
  return Array.from({ length: size * size }, (_, i) => {
    const [x, y] = [(i % size) - size / 2, Math.floor(i / size) - size / 2];
    const inside = kind % 2 === 0 ? Math.hypot(x, y) < 6 + kind : Math.abs(Math.abs(x) - Math.abs(y)) < 2 + kind / 2;
    return inside ? 0.85 - 0.02 * Math.hypot(x, y) : 0.05;
  });
}

export function samplePair(kind: number): NeighbourPair {
  const pixels = picture(kind);
  const changed = pixels.map((value, i) => Math.min(1, Math.max(0, value + 0.06 * Math.sin(i * (0.7 + kind / 9)))));
  const image = { height: 28, width: 28, channels: 1 } as const;
  return {
    original: { ...image, pixels },
    neighbour: { ...image, pixels: changed },
    label: kind,
    adversarialLabel: (kind + 1) % 6,
    epsilon: 0.64,
    distance: 0.31 + 0.11 * kind,
  };
}

/** The whole report. */
export function sampleReport(): Report {
  const epsilons = Array.from({ length: 299 }, (_, i) => 0.04 * 2 ** (3 + (i % 4)));
  return {
    schema: REPORT_SCHEMA,
    title: 'Forgetting 300 of 3,000 garments',
    subtitle:
      'A small convolutional network learned Fashion-MNIST by heart. Which method makes it forget a tenth of it?',
    rows: sampleRows(),
    seeds: aggregateRuns([0, 0.004, -0.003].map((shift, i) => ({ seed: i + 1, rows: sampleRows(shift) }))),
    search: {
      epsilons,
      distances: epsilons.map((epsilon, i) => epsilon * (0.55 + (0.4 * ((i * 37) % 100)) / 100)),
      found: 299,
      total: 300,
      norm: 'l2',
    },
    neighbours: {
      pairs: Array.from({ length: 6 }, (_, kind) => samplePair(kind)),
      classNames: ['Sneaker', 'Ankle boot', 'Coat', 'Pullover', 'Dress', 'T-shirt/top'],
    },
    manifest: {
      seed: 1,
      seeds: [1, 2, 3],
      versions: { 'amun-ts': '0.1.0', tfjs: '4.22.0', node: '22.1.0' },
      backend: 'wasm',
      options: { epochs: 10 },
      dataHash: 'sha256:0f3a',
      createdAt: '2026-01-02T03:04:05.000Z',
      durationMs: 185_000,
      machine: { cores: 2 },
    },
  };
}
