/**
 * The figures of a run as text, ratios first.
 */
import type { RatioDetails } from './ratios';
import type { Report } from './run';
import { pairedRatio, type Spread } from './statistics';
import type { AmunResults } from './workloads/amun';
import type { StepResult } from './workloads/steps';

/** Three significant digits, or none where the number is larger. */
export function number(value: number): string {
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3);
}

const range = ({ median, min, max }: Spread): string => `${number(median)} (${number(min)}–${number(max)})`;

/** Rows with their columns aligned. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function ratioRow([name, details]: [string, RatioDetails]): string[] {
  const { value, range: ends, better, aim, reached, meaning, reason, note, byProcessorTime } = details;
  const aimed = `${better === 'higher' ? '≥' : '≤'} ${number(aim)}`;
  if (value === null) return [name, '–', '', '', aimed, '', reason!];
  const noted = note === undefined ? '' : ` (${note})`;
  return [
    name,
    number(value),
    `${number(ends![0])}–${number(ends![1])}`,
    byProcessorTime === undefined ? '' : number(byProcessorTime),
    aimed,
    reached! ? 'yes' : 'no',
    `${meaning}${noted}`,
  ];
}

function stepRows(steps: readonly StepResult[]): string[][] {
  return steps.flatMap(({ operation, model, batch, rates }) =>
    Object.entries(rates).map(([name, { imagesPerSecond, cores, layout }]) => [
      operation,
      model,
      String(batch),
      name,
      range(imagesPerSecond),
      cores.toFixed(2),
      layout ?? '',
    ]),
  );
}

function amunRows({ runs }: AmunResults): string[][] {
  return Object.entries(runs).map(([name, run]) => [
    name,
    range(run.totalSeconds),
    range(run.searchSeconds),
    run.adversarialOnlySeconds === undefined ? '–' : range(run.adversarialOnlySeconds),
    String(run.gradientSteps),
    String(run.found),
    number(run.medianDistance),
    number(run.p90Distance),
    run.strategy ?? 'official',
  ]);
}

function sections(report: Report): [title: string, rows: string[][]][] {
  const { steps, rooflines, workers, evaluate, amun, growth, peakRssMb } = report;
  const found: [string, string[][] | undefined][] = [
    [
      'Ratios: median of the rounds, smallest and largest',
      [
        ['ratio', 'value', 'range', 'by CPU time', 'aim', 'reached', 'meaning'],
        ...Object.entries(report.ratioDetails).map(ratioRow),
      ],
    ],
    [
      'Images per second',
      steps && [['workload', 'model', 'batch', 'process', 'images/s', 'cores', 'layout'], ...stepRows(steps)],
    ],
    [
      'Share of the rate of a 512³ matrix product, resnet8',
      rooflines && [
        ['process', 'GFLOP/s', 'training', 'PGD'],
        ...Object.entries(rooflines).map(([name, { gemmGflops, product, train, pgd }]) => [
          name,
          range(gemmGflops),
          ...[train, pgd].map((side) => range(pairedRatio(side.wall, product.wall))),
        ]),
      ],
    ],
    [
      `AMUN from end to end${amun === undefined ? '' : `: forget ${amun.forget}, retain ${amun.retain}, ${amun.epochs} epochs`}`,
      amun && [
        ['process', 'seconds', 'search', 'without retain', 'gradients', 'found', 'median distance', 'p90', 'strategy'],
        ...amunRows(amun),
        [
          '20 epochs of retraining',
          range(amun.retrain.secondsOf20Epochs),
          `${amun.retrain.epochsRun} epochs run`,
          '',
          '',
          '',
          '',
          '',
          '',
        ],
      ],
    ],
    [
      'Search by parallel workers, seconds',
      workers && [
        ['images', 'one', 'two'],
        [String(workers.count), range(workers.one), range(workers.two)],
      ],
    ],
    [
      'evaluate(), seconds',
      evaluate && [
        ['forget', 'retain', 'test', 'seconds'],
        [evaluate.forget, evaluate.retain, evaluate.test, range(evaluate.seconds)].map(String),
      ],
    ],
    [
      'How cost grows, measured once each',
      growth && [
        ['what', 'by', 'at', 'seconds', 'images/s'],
        ...growth.map(({ what, by, at, seconds, imagesPerSecond }) => [
          what,
          by,
          String(at),
          ...[seconds, imagesPerSecond].map((value) => (value === undefined ? '' : number(value))),
        ]),
      ],
    ],
    [
      'Run op by op, as the engine could not compile it',
      [
        ['process', 'reason'],
        ...Object.entries(report.fallbacks).flatMap(([name, reasons]) => reasons.map((reason) => [name, reason])),
      ],
    ],
    ['Peak memory, MB', [['process', 'resident'], ...Object.entries(peakRssMb).map((entry) => entry.map(String))]],
    [
      'Processes',
      [
        ['process', 'version', 'threads', 'details'],
        ...report.processes.map(({ name, version, threads, details, logitDifference }) => [
          name,
          version,
          String(threads),
          details ??
            `logits differ by ${Object.values(logitDifference ?? {})
              .map((value) => value.toExponential(0))
              .join(', ')} of the largest`,
        ]),
        ...Object.entries(report.missing).map(([name, reason]) => [name, '–', '–', reason.split('\n')[0]]),
      ],
    ],
  ];
  return found.filter((section): section is [string, string[][]] => section[1] !== undefined && section[1].length > 1);
}

/** The whole report as text. */
export function renderText(report: Report): string {
  const { plan, rounds, machine, durationSeconds } = report;
  const where = `${machine['processor']}, ${machine['cores']} cores, Node ${machine['node']}`;
  const load = [machine['loadAtStart'], machine['loadAtEnd']]
    .map((values) => (values as number[])[0].toFixed(1))
    .join(' to ');
  const head = `amun-ts benchmarks, ${plan}, median of ${rounds}, ${where}, load ${load}, ${durationSeconds.toFixed(0)} s`;
  return [head, ...sections(report).map(([title, rows]) => `${title}\n\n${table(rows)}`)].join('\n\n');
}
