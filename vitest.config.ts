import { defineConfig } from 'vitest/config';

// Tests run on the TypeScript sources: the condition picks `src/index.ts` of every workspace package.
const resolve = { conditions: ['rapport-source'] };
const ssr = { resolve: { conditions: ['rapport-source'] } };

export default defineConfig({
  resolve,
  ssr,
  test: {
    projects: [
      {
        resolve,
        ssr,
        test: {
          name: 'unit',
          include: [
            'packages/*/src/**/*.test.ts',
            'packages/viewer/{server,web}/**/*.test.ts',
            'benchmarks/src/**/*.test.ts',
          ],
          testTimeout: 60_000,
        },
      },
      {
        resolve,
        ssr,
        test: {
          name: 'end-to-end',
          include: ['tests/**/*.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
