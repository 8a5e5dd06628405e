/**
 * The types of the installed package, as its users' compilers resolve them.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { consumer, node, write } from './consumer';

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));
const SOURCE = readFileSync(join(consumer, 'consumer.ts'), 'utf8');

it('would tell if nothing were compiled', () => {
  write('wrong.mts', "import { rocAuc } from 'amun-ts/metrics';\nrocAuc('no', 'no');\n");
  const { code, stdout } = node(TSC, '--noEmit', '--skipLibCheck', '--module', 'node16', 'wrong.mts');
  expect(stdout).toContain('wrong.mts(2,8): error TS2345');
  expect(code).not.toBe(0);
});

it.each([
  { name: 'node16, from ESM', file: 'consumer.mts', module: 'Node16', moduleResolution: 'Node16' },
  { name: 'node16, from CJS', file: 'consumer.cts', module: 'Node16', moduleResolution: 'Node16' },
  { name: 'bundler', file: 'consumer.ts', module: 'ESNext', moduleResolution: 'Bundler' },
  { name: 'node10, from CJS', file: 'consumer.ts', module: 'CommonJS', moduleResolution: 'Node10' },
])('compile strictly under $name', ({ name, file, module, moduleResolution }) => {
  write(file, SOURCE);
  const config = write(
    `tsconfig.${name.replace(/\W+/g, '-')}.json`,
    JSON.stringify({
      compilerOptions: {
        module,
        moduleResolution,
        target: 'ES2022',
        lib: ['ES2022', 'DOM'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
        skipLibCheck: false,
        noEmit: true,
        types: [],
      },
      files: [file],
    }),
  );
  // tfjs' own declarations are not clean under `strict`, which is not for this package to mend: the rest must be.
  const errors = node(TSC, '-p', config).stdout.match(/^\S+: error TS.*$/gm) ?? [];
  expect(errors.filter((error) => !error.startsWith('node_modules/@tensorflow/'))).toEqual([]);
});
