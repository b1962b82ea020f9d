// What `npm run trial` prints: JSON objects, one a line. options/trial-schema.ts describes them to others.
import { createHash } from 'node:crypto';
import type { Trial } from '../../experiments/search-ranking.ts';
import { mean } from '../../experiments/statistics.ts';
import type { FromWorker } from '../../train/messages.ts';
import type { TrainSettings } from '../../train/settings.ts';
import { provenance } from '../folders/provenance.ts';

/** After each epoch, and at the end. */
export interface MetricLine {
  readonly type: 'metric';
  readonly id: string;
  readonly step: number;
  readonly epoch: number;
  /** Means over the replicas; null where one is not finite. */
  readonly validation: Means;
  readonly perReplica: readonly (ReplicaName & {
    readonly accuracy: number | null;
    readonly loss: number | null;
  })[];
}

/** The last line. */
export interface ResultLine {
  readonly type: 'result';
  readonly id: string;
  readonly status: 'complete' | 'pruned' | 'failed';
  readonly step: number;
  readonly steps: number | null;
  /** Null where there is no result. */
  readonly values: {
    readonly validationAccuracy: number | null;
    readonly validationLoss: number | null;
    readonly perReplica: readonly (ReplicaName & Omit<Trial, 'seed'>)[];
  } | null;
  /** Where it goes on; null where there is nothing to go on from. */
  readonly checkpoint: string | null;
  /** Why it failed. */
  readonly error: string | null;
  readonly adapter: string | null;
  readonly browser: string | null;
  /** Of settings, kernel variants and source text: the same plan on the same adapter and browser gives the same bits. */
  readonly planHash: string | null;
  readonly dataHash: string;
  readonly host: string;
  readonly wallMs: number;
}

interface Means {
  readonly accuracy: number | null;
  readonly loss: number | null;
}

/** Which replica of a population. */
interface ReplicaName {
  readonly seed: number;
  readonly lambda: number;
  readonly rateScale: number;
}

export function printLine(line: MetricLine | ResultLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) ? value : null;

/** Null where one is missing: what diverged has no mean. */
export function meanOrNull(values: readonly (number | null)[]): number | null {
  const known = values.flatMap((value) => finite(value) ?? []);
  return known.length === values.length && known.length > 0 ? mean(known) : null;
}

export function metricLine(
  id: string,
  { replicas }: TrainSettings,
  { report }: Extract<FromWorker, { type: 'validation' }>,
): MetricLine {
  const { step, epoch, validation } = report;
  const perReplica = replicas.map((replica, r) => ({
    ...replica,
    accuracy: finite(validation[r]!.accuracy),
    loss: finite(validation[r]!.loss),
  }));
  const means = {
    accuracy: meanOrNull(perReplica.map(({ accuracy, loss }) => (loss === null ? null : accuracy))),
    loss: meanOrNull(perReplica.map(({ loss }) => loss)),
  };
  return { type: 'metric', id, step, epoch, validation: means, perReplica };
}

/** The values of a result from the trials of its replicas. */
export function valuesOf({ replicas }: TrainSettings, trials: readonly Trial[]): ResultLine['values'] {
  return {
    validationAccuracy: meanOrNull(trials.map(({ validationAccuracy }) => validationAccuracy)),
    validationLoss: meanOrNull(trials.map(({ validationLoss }) => validationLoss)),
    perReplica: trials.map((trial, r) => ({ ...replicas[r]!, ...trial })),
  };
}

export function planHash(settings: TrainSettings, variants: Readonly<Record<string, string>>): string {
  const { codeHash } = provenance();
  return createHash('sha256').update(JSON.stringify({ settings, variants, codeHash })).digest('hex');
}
