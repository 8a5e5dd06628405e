/**
 * The schema `amun-ts/report/1`: what a report must hold to be drawn. Keys that it does not know are kept, so that a report
 * written by a later minor version can still be read.
 */
import * as v from 'valibot';
import { REPORT_SCHEMA } from './types';

const finite = v.pipe(v.number(), v.finite());
const count = v.pipe(finite, v.integer(), v.minValue(0));
const fraction = v.pipe(finite, v.minValue(0), v.maxValue(1));
const nonNegative = v.pipe(finite, v.minValue(0));
const text = v.string();
const texts = v.array(text);
const record = v.record(text, v.unknown());
const interval = v.looseObject({ low: finite, high: finite, level: fraction });

const roc = v.pipe(
  v.looseObject({ fpr: v.array(fraction), tpr: v.array(fraction) }),
  v.check(({ fpr, tpr }) => fpr.length === tpr.length, 'expected as many rates in fpr as in tpr'),
);

const separation = v.looseObject({
  auc: fraction,
  aucInterval: interval,
  accuracy: fraction,
  tprAtFpr: v.array(v.looseObject({ fpr: fraction, tpr: fraction, resolved: v.boolean() })),
  roc,
  positives: count,
  negatives: count,
});

const membership = v.looseObject({
  name: text,
  forgetVsTest: v.optional(separation),
  retainVsForget: v.optional(separation),
  efficacy: v.optional(v.record(text, fraction)),
  details: record,
});

const confidence = v.pipe(
  v.looseObject({
    forget: v.array(fraction),
    retain: v.array(fraction),
    test: v.array(fraction),
    edges: v.pipe(v.array(finite), v.minLength(2)),
    ksForgetTest: fraction,
  }),
  v.check(
    ({ forget, test, edges }) => forget.length === edges.length - 1 && test.length === edges.length - 1,
    'expected one share per bin, one fewer than edges',
  ),
);

const evaluation = v.looseObject({
  forgetAccuracy: fraction,
  forgetAccuracyInterval: interval,
  retainAccuracy: fraction,
  retainAccuracyInterval: interval,
  testAccuracy: fraction,
  testAccuracyInterval: interval,
  confidence,
  membership: v.record(text, membership),
  sizes: v.looseObject({ forget: count, retain: count, test: count }),
  gaps: v.optional(v.looseObject({})),
  averageGap: v.optional(nonNegative),
  averageGapSvc: v.optional(nonNegative),
  summary: texts,
  warnings: texts,
  seed: finite,
  durationMs: nonNegative,
});

const role = v.picklist(['original', 'reference', 'method']);

const row = v.looseObject({
  name: v.pipe(text, v.nonEmpty()),
  role,
  evaluation,
  seconds: v.optional(nonNegative),
  searchSeconds: v.optional(nonNegative),
  history: v.optional(
    v.array(
      v.looseObject({
        epoch: v.pipe(count, v.minValue(1)),
        learningRate: finite,
        // Not finite is legal here: that is what a diverged run looks like.
        losses: v.record(text, v.union([v.number(), v.nan()])),
        durationMs: nonNegative,
      }),
    ),
  ),
  options: v.optional(record),
  state: v.optional(v.picklist(['completed', 'aborted', 'diverged'])),
  warnings: v.optional(texts),
  note: v.optional(text),
});

const metric = v.picklist([
  'forgetAccuracy',
  'retainAccuracy',
  'testAccuracy',
  'svcEfficacy',
  'rmiaAuc',
  'ksForgetTest',
  'averageGap',
  'averageGapSvc',
  'seconds',
]);

const seeds = v.looseObject({
  seeds: v.pipe(v.array(finite), v.minLength(1)),
  rows: v.array(
    v.looseObject({
      name: text,
      role,
      // Figures of later versions are kept, and not shown.
      metrics: v.record(text, v.looseObject({ mean: finite, std: nonNegative, n: count })),
    }),
  ),
  differences: v.array(
    v.looseObject({ metric, name: text, versus: text, mean: finite, interval, n: count, toldApart: v.boolean() }),
  ),
});

const image = v.pipe(
  v.looseObject({
    pixels: v.array(fraction),
    height: v.pipe(count, v.minValue(1)),
    width: v.pipe(count, v.minValue(1)),
    channels: v.picklist([1, 3]),
  }),
  v.check(
    ({ pixels, height, width, channels }) => pixels.length === height * width * channels,
    'expected height · width · channels pixels',
  ),
);

const pair = v.pipe(
  v.looseObject({
    original: image,
    neighbour: image,
    label: count,
    adversarialLabel: count,
    epsilon: nonNegative,
    distance: nonNegative,
  }),
  v.check(
    ({ original, neighbour }) =>
      original.width === neighbour.width && original.pixels.length === neighbour.pixels.length,
    'expected an original and a neighbour of the same size',
  ),
);

const search = v.looseObject({
  epsilons: v.array(nonNegative),
  distances: v.array(nonNegative),
  found: count,
  total: count,
  norm: v.optional(text),
});

/** What {@link Report} describes, as a schema to check against. */
export const reportSchema = v.looseObject({
  schema: v.literal(REPORT_SCHEMA),
  title: text,
  subtitle: v.optional(text),
  notes: v.optional(texts),
  things: v.optional(text),
  focus: v.optional(text),
  rows: v.array(row),
  seeds: v.optional(seeds),
  confidenceRows: v.optional(texts),
  search: v.optional(search),
  neighbours: v.optional(v.looseObject({ pairs: v.array(pair), classNames: v.optional(texts) })),
  manifest: v.looseObject({
    seed: v.optional(finite),
    seeds: v.optional(v.array(finite)),
    versions: v.optional(v.record(text, text)),
    backend: v.optional(text),
    options: v.optional(record),
    dataHash: v.optional(text),
    createdAt: v.optional(text),
    durationMs: v.optional(nonNegative),
  }),
});
