/** The groups of the `page` suite on a page that the test makes up. */
import type { Browser } from 'puppeteer';
import { expect, test, vi } from 'vitest';
import { analyse } from '../../../bench/analysis.ts';
import { settingsFor } from '../../../bench/budget.ts';
import { measureTraining } from '../../../bench/page-rounds.ts';
import { measureShown } from '../../../bench/page-shown.ts';
import type { ListedGroup, MeasureRequest } from '../../../bench/protocol.ts';
import { terminalReport } from '../../../bench/report/terminal.ts';
import { pageGroups, trainingOf } from '../../../bench/suites/page-suite.ts';
import { fakeBrowser } from './fake-browser.ts';
import { fakeFile } from './fake-file.ts';

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

function measure(
  id: string,
  stop = new AbortController().signal,
  onRound: (done: number) => void = () => {},
) {
  const settings = settingsFor({ suite: 'page', id }, 2, true, 3);
  const profile = { steps: 1, budgetMs: 1 };
  const request: MeasureRequest = { suite: 'page', id, quick: true, settings, seed: 1, profile };
  const training = trainingOf(id);
  return training === undefined
    ? measureShown(request, onRound, stop)
    : measureTraining(training, request, onRound, stop);
}

test.each(pageGroups().map(({ id }) => id))('%s: a page that crashes ends the group', async (id) => {
  const { browser, page } = fakeBrowser(() => {
    setImmediate(() => page.emit('error', new Error('Page crashed!')));
    return new Promise(() => {}); // As a page that crashed answers.
  });
  launched.browser = browser;
  await expect(measure(id)).rejects.toThrow('the page crashed (out of memory?)');
});

test.each(pageGroups().map(({ id }) => id))('%s: a stop keeps the rounds that were done', async (id) => {
  const stop = new AbortController();
  let rounds = 0;
  let end = () => {};
  const { browser } = fakeBrowser(() => {
    if (rounds < 2)
      return Promise.resolve(Object.assign([20, 10], { ms: 1200, testAccuracy: 'test 50.0 %' }));
    return new Promise((_, reject) => {
      end = () => reject(new Error('Protocol error: Target closed'));
      stop.abort();
    });
  });
  let closings = 0;
  const close = async () => {
    end();
    if (closings++ === 0) throw new Error('Connection closed.');
  };
  launched.browser = Object.assign(browser, { close });
  const { group } = await measure(id, stop.signal, (done) => {
    rounds = done;
  });
  expect(group.rows.map(({ samplesNs }) => samplesNs.length)).toEqual([2, 2]);
  expect(group.rows.map(({ validation }) => validation.ok)).toEqual([true, true]);
});

test('a stop ahead of the first round: nothing was done, and nothing is wrong', async () => {
  launched.browser = fakeBrowser(() => Promise.reject(new Error('it is not asked'))).browser;
  const [{ id }] = pageGroups() as [ListedGroup];
  const { group } = await measure(id, AbortSignal.abort());
  expect(group.rows.map(({ samplesNs }) => samplesNs)).toEqual([[], []]);
  expect(group.rows.map(({ validation }) => validation.ok)).toEqual([true, true]);
  expect(terminalReport(analyse(fakeFile([group])))).toContain(id);
});
