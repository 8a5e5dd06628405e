import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  test: {
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        // Unit tests read the source; the packed artefact is tested by the `package` project.
        resolve: {
          alias: [
            { find: /^amun-ts$/, replacement: source('index.ts') },
            { find: /^amun-ts\/(\w+)$/, replacement: source('$1/index.ts') },
          ],
        },
        test: { name: 'unit', include: ['test/**/*.test.ts'], exclude: ['test/package/**'] },
      },
      {
        extends: true,
        test: { name: 'package', include: ['test/package/*.test.ts'], globalSetup: 'test/package/setup.ts' },
      },
    ],
  },
});
