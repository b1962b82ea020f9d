// What was measured on this browser's adapters, kept for the next run.
import type { TunedOp } from '../../train/variant-timing.ts';
import { settled, transact } from './database.ts';

/** Measured variants by op, of one adapter. */
export type TunedOps = Readonly<Record<string, TunedOp>>;

/** Nothing where the browser keeps nothing: it can be measured again. */
export async function readTuning(key: string): Promise<TunedOps> {
  try {
    return await transact(['tuning'], 'readonly', async (store) => {
      return ((await settled(store('tuning').get(key))) as TunedOps | undefined) ?? {};
    });
  } catch {
    return {};
  }
}

/** Adds measurements; does nothing where the browser keeps nothing. */
export async function keepTuning(key: string, ops: TunedOps): Promise<void> {
  try {
    await transact(['tuning'], 'readwrite', async (store) => {
      const known = ((await settled(store('tuning').get(key))) as TunedOps | undefined) ?? {};
      store('tuning').put({ ...known, ...ops }, key);
    });
  } catch {}
}
