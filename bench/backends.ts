/**
 * How fast each engine trains, attacks and predicts with resnet8 on one core, the pure-JS backend included.
 *
 *   npx tsx bench/backends.ts
 */
import { Company } from './cast';
import { ENGINES } from './engines';
import type { Subject } from './peers/subject';
import { table } from './report';

const MODEL = 'resnet8';

/** Images per step, and steps per measurement. The pure-JS backend is too slow for more than a few images. */
const SIZES = { cpu: { batch: 2, steps: 1, seconds: 0 }, other: { batch: 128, steps: 10, seconds: 2 } };

async function ratesOf(subject: Subject, { batch, steps, seconds }: (typeof SIZES)['other']): Promise<string[]> {
  const common = { model: MODEL, batch, seconds } as const;
  const count = seconds === 0 ? batch : 10 * batch;
  const timed = [
    await subject.ask('train', { ...common, count }),
    await subject.ask('pgd', { ...common, steps }),
    await subject.ask('inference', { ...common, count }),
  ];
  return timed.map(({ images, wall }) => (images / wall).toFixed(1));
}

const company = new Company();
const rows = [['engine', 'version', 'batch', 'training', 'input gradients', 'inference, images/s']];
try {
  for (const engine of ENGINES) {
    const subject = await company.engine(engine, [MODEL]);
    if (subject === undefined) {
      rows.push([engine, company.missing[`amun-ts ${engine}`].split('\n')[0]]);
      continue;
    }
    const sizes = engine === 'cpu' ? SIZES.cpu : SIZES.other;
    const { version } = company.about.at(-1)!;
    rows.push([engine, version, String(sizes.batch), ...(await ratesOf(subject, sizes))]);
  }
} finally {
  await company.close();
}
console.log(table(rows));
