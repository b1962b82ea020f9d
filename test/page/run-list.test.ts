/** The list of runs on a real IndexedDB: what it cannot keep stays in the tab, what another tab wrote is read again. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { experiments, trainSettings } from '../../src/experiments/experiments.ts';
import type { App } from '../../src/page/model/app.ts';
import { followTrainings } from '../../src/page/model/follow-trainings.ts';
import { RunList } from '../../src/page/model/run-list.ts';
import { emptyMetrics, type RunRecord } from '../../src/page/model/run-record.ts';
import { runsInTraining } from '../../src/page/model/training-locks.ts';
import { type StoreName, settled, transact } from '../../src/page/store/database.ts';
import { deleteRun, editRun, readMetrics, readRuns, readWeights } from '../../src/page/store/run-store.ts';

const { settings } = experiments[0]!;
const record: RunRecord = {
  id: 'a run',
  name: 'base',
  origin: 'here',
  state: 'finished',
  problem: null,
  experiment: 'base',
  settings,
  train: trainSettings(settings, { seeds: [1], shuffle: true, reportSteps: 5, steps: 20 }),
  step: 20,
  stepsPerEpoch: 450,
  dispatchesPerStep: 17,
  modelBytes: 1,
  variants: {},
  kernels: 'default',
  adapter: 'an adapter',
  browser: 'a browser',
  startedAt: '2026-11-27T00:00:00.000Z',
  elapsedMs: 1,
  msPerStep: 1,
  perSeed: [],
  style: 0,
  pinned: false,
  hasWeights: true,
  initial: null,
};
const metrics = { ...emptyMetrics(1), steps: [5, 10] };
const weights = [new Uint8Array([1, 2, 3])];

const nobodyTrains = async () => new Set<string>();
const open = () => new RunList({ log() {} } as unknown as App);
const kept = (name: StoreName): Promise<unknown> =>
  transact([name], 'readonly', (store) => settled(store(name).get(record.id)));

// The browser's method, for stores that have room.
const put = IDBObjectStore.prototype.put;
const transaction = IDBDatabase.prototype.transaction;
function noRoomIn(...full: readonly string[]): void {
  IDBObjectStore.prototype.put = function (...args) {
    if (full.includes(this.name)) throw new DOMException('no room', 'QuotaExceededError');
    return put.apply(this, args);
  };
}

beforeEach(() => deleteRun(record.id));
afterEach(() => {
  IDBObjectStore.prototype.put = put;
  IDBDatabase.prototype.transaction = transaction;
});

test('where there is no room for weights the rest is kept, and this tab has them', async () => {
  const list = open();
  noRoomIn('weights');
  await list.keep(record, metrics, weights);
  expect(list.unkept.value).toBe('no room');
  expect(await kept('weights')).toBeUndefined();
  expect(await kept('metrics')).toEqual(metrics);
  // Another tab finds a run that says that it has none.
  expect(await kept('runs')).toEqual({ ...record, hasWeights: false });
  await list.load(nobodyTrains);
  expect(list.runs.value).toEqual([record]);
  expect(await readWeights(record.id)).toBe(weights);
  // It goes on: until it ends, its weights are this tab's alone.
  await list.keep({ ...record, state: 'running' });
  expect(await kept('runs')).toMatchObject({ state: 'running', hasWeights: false });
});

test('where there is no room at all this tab has the run, until it is deleted', async () => {
  const list = open();
  noRoomIn('runs', 'metrics', 'weights');
  await list.keep(record, metrics, weights);
  await list.edit(record.id, { name: 'renamed' });
  await list.load(nobodyTrains);
  expect(list.runs.value).toEqual([{ ...record, name: 'renamed' }]);
  expect(await readMetrics(record.id)).toBe(metrics);
  expect(await readWeights(record.id)).toBe(weights);
  await list.forget(record.id);
  expect(await readRuns()).toEqual([]);
  expect(await readMetrics(record.id)).toBeUndefined();
});

test('a browser that keeps nothing: this tab has the run, and knows which parts it lacks', async () => {
  const list = open();
  IDBDatabase.prototype.transaction = () => {
    throw new DOMException('not here', 'InvalidStateError');
  };
  await list.keep({ ...record, hasWeights: false }, metrics);
  await list.load(nobodyTrains);
  expect(list.runs.value).toHaveLength(1);
  expect(await readMetrics(record.id)).toBe(metrics);
  expect(await readWeights(record.id)).toBeUndefined();
});

test('a name that there is no room for stays in this tab', async () => {
  const list = open();
  await list.keep(record, metrics, weights);
  noRoomIn('runs');
  await list.edit(record.id, { name: 'renamed' });
  await list.load(nobodyTrains);
  expect(list.runs.value).toEqual([{ ...record, name: 'renamed' }]);
});

test('a run that is renamed elsewhere while it trains keeps that name', async () => {
  const list = open();
  await list.keep({ ...record, state: 'running' });
  await transact(['runs'], 'readwrite', (store) => {
    store('runs').put({ ...record, state: 'running', name: 'renamed elsewhere' }, record.id);
  });
  await list.load(async () => new Set([record.id]));
  await list.keep(record, metrics);
  expect(list.runs.value[0]).toMatchObject({ state: 'finished', name: 'renamed elsewhere' });
  expect(await kept('runs')).toMatchObject({ state: 'finished', name: 'renamed elsewhere' });
});

test('what is written later is no longer this tab’s alone: others may change it', async () => {
  const list = open();
  noRoomIn('runs');
  await list.keep(record, metrics, weights);
  IDBObjectStore.prototype.put = put;
  await list.keep(record, metrics, weights);
  await transact(['runs'], 'readwrite', (store) => {
    store('runs').put({ ...record, name: 'renamed elsewhere' }, record.id);
  });
  await list.load(nobodyTrains);
  expect(list.runs.value.map(({ name }) => name)).toEqual(['renamed elsewhere']);
});

test('of two runs that were training the one that no tab trains was interrupted', async () => {
  const list = open();
  const other = { ...record, id: 'another run', name: 'base 2' };
  for (const run of [record, other]) await list.keep({ ...run, state: 'running' });
  await list.load(async () => new Set([other.id]));
  const states = list.runs.value.map(({ name, state }) => [name, state]);
  expect(Object.fromEntries(states)).toEqual({ base: 'interrupted', 'base 2': 'running' });
  await deleteRun(other.id);
});

test('a run that changes while the list is read stays as it is now', async () => {
  const list = open();
  await list.keep({ ...record, state: 'running', step: 5 });
  let asked = 0;
  await list.load(async () => {
    // The end of the run comes between.
    if (asked++ === 0) await list.keep(record);
    return new Set([record.id]);
  });
  expect(list.runs.value).toEqual([record]);
  await editRun(record.id, { state: 'running' });
  await list.load(nobodyTrains);
  expect(list.runs.value[0]!.state).toBe('interrupted');
});

/** A page that trains a run, as far as others can tell. */
async function trainElsewhere(id: string): Promise<{ leave(): void }> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  await new Promise<void>((held) => {
    const whileTraining = () => {
      held();
      return new Promise<void>(() => {});
    };
    void frame.contentWindow!.navigator.locks.request(`wgrad training ${id}`, whileTraining).catch(() => {});
  });
  return { leave: () => frame.remove() };
}

test('a run whose page is left is interrupted as soon as that has let go of it, whenever that is', async () => {
  const list = open();
  await list.keep({ ...record, state: 'running' });
  const elsewhere = await trainElsewhere(record.id);
  followTrainings(list, () => false);
  await list.load(runsInTraining);
  await list.load(runsInTraining); // As for a tab that is looked at again.
  const state = () => list.runs.value[0]!.state;
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(state()).toBe('running');
  elsewhere.leave();
  await expect.poll(state).toBe('interrupted');
  // Nor is it followed any more: it can go on, here.
  expect((await navigator.locks.query()).pending).toEqual([]);
});

test('a run that this tab trains is not waited for', async () => {
  const list = open();
  followTrainings(list, (id) => id === record.id);
  const elsewhere = await trainElsewhere(record.id);
  await list.keep({ ...record, state: 'running' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect((await navigator.locks.query()).pending).toEqual([]);
  elsewhere.leave();
});
