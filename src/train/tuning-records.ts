// Measured variants as JSON: the command line's cache, and the file that `npm run tune` and the page write and read.
import type { TunedOp } from './variant-timing.ts';

/** Measured variants by `tuningKey` (adapter, browser, shaders), then by `tunedOpName`. */
export type TuningRecords = Readonly<Record<string, Readonly<Record<string, TunedOp>>>>;

/**
 * Understands what it can of a file. `problem`: why the rest is left out.
 */
export function parseTuning(text: string): { readonly records: TuningRecords; readonly problem?: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { records: {}, problem: 'it is not JSON' };
  }
  if (!isRecord(value)) return { records: {}, problem: 'it holds no records' };
  let isWhole = true;
  const records: Record<string, Record<string, TunedOp>> = {};
  for (const [key, ops] of Object.entries(value)) {
    const found = isRecord(ops) ? Object.entries(ops) : [];
    const sound = found.filter((entry): entry is [string, TunedOp] => isTunedOp(entry[1]));
    if (!isRecord(ops) || sound.length < found.length) isWhole = false;
    if (sound.length > 0) records[key] = Object.fromEntries(sound);
  }
  return isWhole ? { records } : { records, problem: 'some of its records are of another version' };
}

/** Both; where both have measured an op, the second. */
export function mergeTuning(records: TuningRecords, others: TuningRecords): TuningRecords {
  const merged = { ...records };
  for (const [key, ops] of Object.entries(others)) merged[key] = { ...merged[key], ...ops };
  return merged;
}

export const tuningText = (records: TuningRecords): string => `${JSON.stringify(records, null, 2)}\n`;

/** `12 ops of 1 adapter` */
export function tuningSize(records: TuningRecords): string {
  const adapters = Object.values(records);
  const ops = adapters.reduce((sum, each) => sum + Object.keys(each).length, 0);
  return `${ops} ${ops === 1 ? 'op' : 'ops'} of ${adapters.length} ${adapters.length === 1 ? 'adapter' : 'adapters'}`;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isTunedOp(value: unknown): value is TunedOp {
  if (!isRecord(value) || typeof value.variant !== 'string' || !isRecord(value.us)) return false;
  const times = Object.values(value.us);
  return typeof value.us[value.variant] === 'number' && times.every(Number.isFinite);
}
