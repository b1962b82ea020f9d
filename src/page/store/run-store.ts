// Runs in this browser: records, metrics and weights.
import type { RunMetrics, RunRecord } from '../model/run-record.ts';
import { settled, transact } from './database.ts';

/** Safetensors files, one per seed. */
export type RunWeights = readonly Uint8Array<ArrayBuffer>[];

/** What of a run is to be written; the rest stays. */
export interface RunParts {
  readonly record?: RunRecord;
  readonly metrics?: RunMetrics;
  readonly weights?: RunWeights;
}

const storeOf = { record: 'runs', metrics: 'metrics', weights: 'weights' } as const;
const partNames = ['record', 'metrics', 'weights'] as const;

/** What the browser has no room for, by run: this tab has it. */
const unwritten = new Map<string, { -readonly [Part in keyof RunParts]: RunParts[Part] }>();

/** One at a time: what is asked for later finds what was written before. */
let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const done = last.then(work);
  last = done.catch(() => {});
  return done;
}

/** All records, the newest first, with what this tab alone has. @throws DOMException where they cannot be read */
export function readRuns(): Promise<RunRecord[]> {
  return inTurn(async () => {
    const kept = await transact(['runs'], 'readonly', async (store) => {
      return (await settled(store('runs').getAll())) as RunRecord[];
    });
    const runs = new Map(kept.map((run) => [run.id, run]));
    for (const [id, { record = runs.get(id), weights }] of unwritten) {
      if (record !== undefined)
        runs.set(id, { ...record, hasWeights: record.hasWeights || weights !== undefined });
    }
    return [...runs.values()].sort((a, b) => b.startedAt.localeCompare(a.startedAt));
  });
}

/**
 * Writes a run's parts at once; its name and whether it is pinned stay as `editRun` has left them. What cannot be written stays in this tab: the
 * weights alone where there is room for the rest.
 * @throws DOMException where there is no room, or nothing is kept
 */
export function writeRun(id: string, parts: RunParts): Promise<void> {
  return inTurn(async () => {
    const { weights, ...rest } = parts;
    const hasOthers = weights === undefined && unwritten.get(id)?.weights !== undefined;
    try {
      await put(id, hasOthers ? withoutWeights(rest) : parts);
    } catch (error) {
      unwritten.set(id, { ...unwritten.get(id), ...parts });
      if (weights !== undefined) await put(id, withoutWeights(rest)).catch(() => {});
      throw error;
    }
  });
}

/** Changes a part of a record, whoever has written the rest last. Nothing where there is no such run. */
export function editRun(id: string, part: Partial<RunRecord>): Promise<void> {
  return inTurn(async () => {
    let known = unwritten.get(id)?.record;
    try {
      await transact(['runs'], 'readwrite', async (store) => {
        const kept = (await settled(store('runs').get(id))) as RunRecord | undefined;
        known ??= kept;
        if (kept !== undefined) store('runs').put({ ...kept, ...part }, id);
      });
      if (unwritten.get(id)?.record === undefined) return;
    } catch {
      // This tab has it, as what was not written before.
    }
    if (known !== undefined) unwritten.set(id, { ...unwritten.get(id), record: { ...known, ...part } });
  });
}

export const readMetrics = (id: string): Promise<RunMetrics | undefined> => readPart(id, 'metrics');
export const readWeights = (id: string): Promise<RunWeights | undefined> => readPart(id, 'weights');

export function deleteRun(id: string): Promise<void> {
  return inTurn(async () => {
    unwritten.delete(id);
    await transact(['runs', 'metrics', 'weights'], 'readwrite', (store) => {
      for (const part of partNames) store(storeOf[part]).delete(id);
    });
  });
}

async function put(id: string, parts: RunParts): Promise<void> {
  await transact(['runs', 'metrics', 'weights'], 'readwrite', async (store) => {
    const { record } = parts;
    if (record !== undefined) {
      const kept = (await settled(store('runs').get(id))) as RunRecord | undefined;
      const { name, pinned } = kept ?? record;
      store('runs').put({ ...record, name, pinned }, id);
    }
    for (const part of ['metrics', 'weights'] as const) {
      if (parts[part] !== undefined) store(part).put(parts[part], id);
    }
  });
  const left = unwritten.get(id);
  for (const part of partNames) if (parts[part] !== undefined) delete left?.[part];
}

/** A record says that there are weights where they are with it. */
const withoutWeights = (parts: RunParts): RunParts =>
  parts.record === undefined ? parts : { ...parts, record: { ...parts.record, hasWeights: false } };

function readPart<Part extends 'metrics' | 'weights'>(
  id: string,
  part: Part,
): Promise<RunParts[Part] | undefined> {
  return inTurn(async () => {
    const left = unwritten.get(id);
    if (left?.[part] !== undefined) return left[part];
    const reading = transact([part], 'readonly', async (store) => {
      return (await settled(store(part).get(id))) as RunParts[Part];
    });
    // A run that this browser could not keep has no other parts than those of this tab.
    return left === undefined ? reading : reading.catch(() => undefined);
  });
}
