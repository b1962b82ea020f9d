import { defineConfig } from 'vitest/config';
import { chromeProvider } from './test/browser-provider.ts';
import { lavapipeRefusal, lavapipeVariables } from './test/lavapipe-driver.ts';
import { SummaryReporter } from './test/summary-reporter.ts';

const refusal = lavapipeRefusal();
/** Where `npm test` wants to know what is left out and what failed. */
const summaryFile = process.env.WGRAD_TEST_SUMMARY;
if (refusal !== undefined) console.warn(`tests on lavapipe are left out: ${refusal}`);

/** Tests that run in Node; those of commands and of the page start browsers. */
const inNode = (name: string, include: string[], exclude: string[] = []) => ({
  extends: true as const,
  test: {
    name,
    environment: 'node' as const,
    include,
    exclude,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});

export default defineConfig({
  root: import.meta.dirname,
  appType: 'mpa',
  clearScreen: false,
  server: { host: '127.0.0.1', headers: { 'Cross-Origin-Resource-Policy': 'same-origin' } },
  worker: { format: 'es' },
  // Files of weights that tests load.
  assetsInclude: ['**/*.safetensors'],
  build: { target: 'es2022' },
  test: {
    // A second, as usual, can be over before a busy machine has loaded a part of the page.
    expect: { poll: { timeout: 10_000 } },
    reporters: ['default', ...(summaryFile ? [new SummaryReporter(summaryFile)] : [])],
    projects: [
      inNode('unit', ['test/unit/**/*.test.ts', 'test/layers.test.ts']),
      inNode('commands', ['test/e2e/**/*.test.ts'], ['test/e2e/{page,firefox}*.test.ts']),
      inNode('page', ['test/e2e/page*.test.ts']),
      inNode('firefox', ['test/e2e/firefox.test.ts']),
      {
        extends: true,
        test: {
          name: 'gpu',
          include: ['test/{kernels,training,page}/**/*.test.ts'],
          testTimeout: 120_000,
          browser: {
            enabled: true,
            provider: chromeProvider,
            instances: [{ browser: 'chrome' }],
            headless: true,
            isolate: false,
            fileParallelism: false,
            screenshotFailures: false,
            ui: false,
          },
        },
      },
      {
        extends: true,
        test: {
          name: 'lavapipe',
          environment: 'node',
          include:
            refusal === undefined
              ? ['test/kernels/**/*.test.ts', 'test/training/{net-tail,predictor}.test.ts']
              : [],
          // What is the same on every adapter is left to Chrome, and what takes LLVM half of the time of all: convolutions, and the
          // product whose shaders are those of matmul-forward.
          exclude: ['test/kernels/{folded-grids,net-texts,conv-*,matmul-forward-split}.test.ts'],
          setupFiles: ['test/lavapipe.ts'],
          env: lavapipeVariables(),
          testTimeout: 120_000,
          hookTimeout: 120_000,
          pool: 'forks',
          isolate: false,
          fileParallelism: false,
        },
      },
    ],
  },
});
