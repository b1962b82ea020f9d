// Runs in this browser: records, metrics and weights.
import type { RunMetrics, RunRecord } from '../model/run-record.ts';
import { settled, transact } from './database.ts';

/** Safetensors files, one per seed. */
export type RunWeights = readonly Uint8Array<ArrayBuffer>[];

/** All records, the newest first; none where the browser keeps nothing. */
export async function readRuns(): Promise<RunRecord[]> {
  try {
    const runs = await transact(['runs'], 'readonly', async (store) => {
      return (await settled(store('runs').getAll())) as RunRecord[];
    });
    return runs.sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  } catch {
    return [];
  }
}

/** What of a run is to be written; the rest stays. */
export interface RunParts {
  readonly record?: RunRecord;
  readonly metrics?: RunMetrics;
  readonly weights?: RunWeights;
}

/** Writes a run's parts at once, or none. @throws DOMException where there is no room, or nothing is kept */
export async function writeRun(id: string, { record, metrics, weights }: RunParts): Promise<void> {
  await transact(['runs', 'metrics', 'weights'], 'readwrite', (store) => {
    if (record !== undefined) store('runs').put(record, id);
    if (metrics !== undefined) store('metrics').put(metrics, id);
    if (weights !== undefined) store('weights').put(weights, id);
  });
}

/** Changes a part of a record, whoever has written the rest last. Nothing where there is no such run. */
export async function editRun(id: string, part: Partial<RunRecord>): Promise<void> {
  await transact(['runs'], 'readwrite', async (store) => {
    const kept = (await settled(store('runs').get(id))) as RunRecord | undefined;
    if (kept !== undefined) store('runs').put({ ...kept, ...part }, id);
  });
}

export async function readMetrics(id: string): Promise<RunMetrics | undefined> {
  return transact(['metrics'], 'readonly', async (store) => {
    return (await settled(store('metrics').get(id))) as RunMetrics | undefined;
  });
}

export async function readWeights(id: string): Promise<RunWeights | undefined> {
  return transact(['weights'], 'readonly', async (store) => {
    return (await settled(store('weights').get(id))) as RunWeights | undefined;
  });
}

export async function deleteRun(id: string): Promise<void> {
  await transact(['runs', 'metrics', 'weights'], 'readwrite', (store) => {
    for (const name of ['runs', 'metrics', 'weights'] as const) store(name).delete(id);
  });
}
