import { signal } from '@preact/signals-core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { App } from '../../../src/page/model/app.ts';
import { followScreen } from '../../../src/page/model/follow-screen.ts';
import type { RunList } from '../../../src/page/model/run-list.ts';
import type { DataStatus, RunStatus } from '../../../src/page/model/status.ts';

const page = Object.assign(new EventTarget(), { hidden: false });
const show = (isShown: boolean) => {
  page.hidden = !isShown;
  page.dispatchEvent(new Event('visibilitychange'));
};

beforeEach(() => {
  vi.stubGlobal('document', page);
});
afterEach(() => {
  vi.unstubAllGlobals();
});

function follow() {
  const app = {
    engine: { call: vi.fn(async () => null) },
    run: signal<RunStatus>({ state: 'running' }),
    data: signal<DataStatus>({ state: 'kept' }),
    refreshData: vi.fn(async () => {}),
  };
  const runs = { load: vi.fn(async () => {}) };
  const isTrainShown = signal(true);
  followScreen(app as unknown as App, runs as unknown as RunList, () => isTrainShown.value);
  return { app, runs, isTrainShown };
}

test('what is in another view, or in a tab that is not looked at, is not read back', () => {
  const { app, isTrainShown } = follow();
  const watches = (on: boolean) =>
    expect(app.engine.call).toHaveBeenLastCalledWith('watch', { samples: on, weights: on });
  watches(true);
  show(false);
  watches(false);
  show(true);
  watches(true);
  isTrainShown.value = false;
  watches(false);
});

test('a tab that is looked at again asks what others did with runs and data, but for data that are on their way', () => {
  const { app, runs } = follow();
  show(false);
  expect(runs.load).not.toHaveBeenCalled();
  show(true);
  expect(runs.load).toHaveBeenCalledOnce();
  expect(app.refreshData).toHaveBeenCalledOnce();
  app.data.value = { state: 'downloading', doneBytes: 1, totalBytes: 2, bytesPerSecond: 1 };
  show(true);
  expect(app.refreshData).toHaveBeenCalledOnce();
});
