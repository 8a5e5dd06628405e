/**
 * What a report is made of: plain data that survives JSON, so that a page can be drawn again later, elsewhere, or by other
 * means. Accuracies and rates are fractions in [0, 1], times are seconds; the page and the tables show per cent.
 */
import type { Evaluation, Interval } from '../evaluate/types';
import type { EpochRecord } from '../unlearn/types';

/** The version of the JSON that {@link Report} describes; a new number means that old readers would misread it. */
export const REPORT_SCHEMA = 'amun-ts/report/1';

/** What a row is: the model before, the model retrained without the forget set (the yardstick), or an unlearning method. */
export type ReportRole = 'original' | 'reference' | 'method';

/** One model of a comparison. */
export interface ReportRow {
  /** Name as it is shown, such as `Amun`; unique within a report. */
  readonly name: string;
  /** Its part in the comparison; at most one row each is `original` and `reference`. */
  readonly role: ReportRole;
  /** Result of `evaluate`. */
  readonly evaluation: Evaluation;
  /** Seconds of the whole run, search included. */
  readonly seconds?: number;
  /** Seconds of the run that went into its search. */
  readonly searchSeconds?: number;
  /** Losses by epoch, drawn as curves. A loss that is not finite is left out of the JSON. */
  readonly history?: readonly EpochRecord[];
  /** Options in force, as plain JSON. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** How the run ended. @default 'completed' */
  readonly state?: 'completed' | 'aborted' | 'diverged';
  /** What the reader should know, in words. */
  readonly warnings?: readonly string[];
  /** A remark below the table. */
  readonly note?: string;
}

/** How a report came about; every key is optional and further ones are kept and shown. */
export interface ReportManifest {
  /** The run’s seed. */
  readonly seed?: number;
  /** Seeds of a comparison over several. */
  readonly seeds?: readonly number[];
  /** Versions by package or program, such as `{ 'amun-ts': '0.1.0', node: '22.1.0' }`. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Backend of tfjs, such as `wasm`. */
  readonly backend?: string;
  /** Options of the whole run; shown as JSON. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Hash of the data, with its algorithm, such as `sha256:…`. */
  readonly dataHash?: string;
  /** ISO 8601. */
  readonly createdAt?: string;
  /** Milliseconds of the whole run. */
  readonly durationMs?: number;
  readonly [key: string]: unknown;
}

/** The figures that tables compare. Fractions, but for `seconds`. */
export type MetricKey =
  | 'forgetAccuracy'
  | 'retainAccuracy'
  | 'testAccuracy'
  | 'svcEfficacy'
  | 'rmiaAuc'
  | 'ksForgetTest'
  | 'averageGap'
  | 'averageGapSvc'
  | 'seconds';

/** One figure over the seeds. */
export interface SpreadFigure {
  /** Mean over the seeds. */
  readonly mean: number;
  /** Sample standard deviation (n − 1); 0 for one seed. */
  readonly std: number;
  /** Number of seeds. */
  readonly n: number;
}

/** One model over the seeds. */
export interface SeedRow {
  /** As in {@link ReportRow.name}. */
  readonly name: string;
  /** As in {@link ReportRow.role}. */
  readonly role: ReportRole;
  /** Its figures; those not measured are absent. */
  readonly metrics: Readonly<Partial<Record<MetricKey, SpreadFigure>>>;
}

/** A difference of one figure between two models, paired by seed: `name` minus `versus`. */
export interface PairedDifference {
  /** The figure. */
  readonly metric: MetricKey;
  /** The minuend. */
  readonly name: string;
  /** The subtrahend. */
  readonly versus: string;
  /** Mean difference over the seeds. */
  readonly mean: number;
  /** Its Student’s t interval. */
  readonly interval: Interval;
  /** Number of seeds. */
  readonly n: number;
  /** False when the interval contains 0: the data can't tell the two apart. */
  readonly toldApart: boolean;
}

/** The same comparison repeated with several seeds. Made by {@link aggregateRuns}. */
export interface SeedSummary {
  /** The seeds. */
  readonly seeds: readonly number[];
  /** Means and spreads. */
  readonly rows: readonly SeedRow[];
  /** Paired differences. */
  readonly differences: readonly PairedDifference[];
}

/** What the search for neighbours found, one number per neighbour found. */
export interface SearchFigures {
  /** Radius in force when the label changed, in input units. */
  readonly epsilons: readonly number[];
  /** Length of the perturbation, in input units. */
  readonly distances: readonly number[];
  /** How many of the forget set got a neighbour. */
  readonly found: number;
  /** Size of the forget set. */
  readonly total: number;
  /** Norm of both, such as `l2`. */
  readonly norm?: string;
}

/** An image: rows first, channels last. */
export interface ReportImage {
  /** Intensities in [0, 1], height · width · channels of them. */
  readonly pixels: readonly number[];
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: 1 | 3;
}

/** A forgotten image beside its adversarial neighbour. */
export interface NeighbourPair {
  /** The image to forget. */
  readonly original: ReportImage;
  /** Its neighbour, of the same size. */
  readonly neighbour: ReportImage;
  /** Class of the original, counted from 0. */
  readonly label: number;
  /** Class that the model gives the neighbour. */
  readonly adversarialLabel: number;
  /** Radius in force when the label changed, in input units. */
  readonly epsilon: number;
  /** Length of the perturbation, in input units. */
  readonly distance: number;
}

/** Image pairs and the names of their classes. */
export interface NeighbourFigures {
  /** As many as are to be shown; six to twelve read well. */
  readonly pairs: readonly NeighbourPair[];
  /** By class id; ids are shown where it is absent. */
  readonly classNames?: readonly string[];
}

/** Everything that a page shows. Parts that are absent are left out of it. */
export interface Report {
  /** {@link REPORT_SCHEMA}. */
  readonly schema: typeof REPORT_SCHEMA;
  /** Headline. */
  readonly title: string;
  /** A line below it. */
  readonly subtitle?: string;
  /** Paragraphs below the findings. */
  readonly notes?: readonly string[];
  /** What was forgotten, as a plural noun. @default 'images' with neighbours, else 'examples' */
  readonly things?: string;
  /** Name of the row that the page is about. @default the row named Amun, else the first method */
  readonly focus?: string;
  /** The models compared, in the order of the tables. */
  readonly rows: readonly ReportRow[];
  /** The comparison over several seeds. */
  readonly seeds?: SeedSummary;
  /** Names of the rows whose confidences are drawn. @default original, focus and reference */
  readonly confidenceRows?: readonly string[];
  /** What the search found. */
  readonly search?: SearchFigures;
  /** Forgotten images beside their neighbours. */
  readonly neighbours?: NeighbourFigures;
  /** How the report came about. */
  readonly manifest: ReportManifest;
}
