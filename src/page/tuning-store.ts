// What was measured on this browser's adapters, kept in its IndexedDB for the next run.
import type { Tuning } from '../train/tuner.ts';
import type { TunedOp } from '../train/variant-timing.ts';

const database = 'wgrad';
const store = 'tuning';

/** Measured variants by `tuningKey`. */
export type Tunings = Readonly<Record<string, Tuning['ops']>>;

/** Everything kept. Nothing where the browser keeps nothing, as in some private windows: it is measured again. */
export async function readTunings(): Promise<Tunings> {
  try {
    const objects = await transaction('readonly');
    const [keys, values] = await Promise.all([settled(objects.getAllKeys()), settled(objects.getAll())]);
    return Object.fromEntries(
      keys.map((key, i) => [String(key), values[i] as Readonly<Record<string, TunedOp>>]),
    );
  } catch {
    return {};
  }
}

/** Keeps measurements; does nothing where the browser keeps nothing. */
export async function keepTuning({ key, ops }: Tuning): Promise<void> {
  try {
    const objects = await transaction('readwrite');
    await settled(objects.put(ops, key));
  } catch {}
}

async function transaction(mode: IDBTransactionMode): Promise<IDBObjectStore> {
  const opening = indexedDB.open(database, 1);
  opening.addEventListener('upgradeneeded', () => opening.result.createObjectStore(store));
  return (await settled(opening)).transaction(store, mode).objectStore(store);
}

function settled<T>(request: IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
