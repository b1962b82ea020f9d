/** The groups of the `page` suite on a page that the test makes up. */
import type { Browser } from 'puppeteer';
import { expect, test, vi } from 'vitest';
import { settingsFor } from '../../../bench/budget.ts';
import { measureTraining } from '../../../bench/page-rounds.ts';
import { measureShown } from '../../../bench/page-shown.ts';
import type { MeasureRequest } from '../../../bench/protocol.ts';
import { pageGroups, trainingOf } from '../../../bench/suites/page-suite.ts';
import { fakeBrowser } from './fake-browser.ts';

const launched = vi.hoisted(() => ({ browser: undefined as Browser | undefined }));
vi.mock('../../../src/hosts/chrome/launch.ts', () => ({ launchChrome: async () => launched.browser }));
vi.mock('../../../src/hosts/chrome/page-server.ts', () => ({
  startPageServer: async () => ({ origin: 'http://127.0.0.1:1', close: async () => {} }),
}));
vi.mock('../../../bench/train-command.ts', () => ({
  trainCommand: async () => ({
    summary: { phases: [{ phase: 'training', fromMs: 0, toMs: 1200 }], perSeed: [{ testAccuracy: 0.5 }] },
    wholeMs: 1500,
  }),
}));

function measure(id: string, stop = new AbortController().signal) {
  const settings = settingsFor({ suite: 'page', id }, 2, true, 3);
  const profile = { steps: 1, budgetMs: 1 };
  const request: MeasureRequest = { suite: 'page', id, quick: true, settings, seed: 1, profile };
  const training = trainingOf(id);
  return training === undefined
    ? measureShown(request, () => {}, stop)
    : measureTraining(training, request, () => {}, stop);
}

test.each(pageGroups().map(({ id }) => id))('%s: a page that crashes ends the group', async (id) => {
  const { browser, page } = fakeBrowser(() => {
    setImmediate(() => page.emit('error', new Error('Page crashed!')));
    return new Promise(() => {}); // As a page that crashed answers.
  });
  launched.browser = browser;
  await expect(measure(id)).rejects.toThrow('the page crashed (out of memory?)');
});
