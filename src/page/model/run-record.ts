// A run as a document of this browser: what is listed, its metrics, and what it is called.
import type { ExperimentSettings } from '../../experiments/experiments.ts';
import type { KernelOrigin } from '../../train/messages.ts';
import type { TrainSettings } from '../../train/settings.ts';
import type { SeedViewScores } from '../../train/view-scores.ts';

export type RunState = 'running' | 'finished' | 'stopped' | 'failed' | 'interrupted';

/** What a seed is worth. Null where it was not scored; over views where the settings name some. */
export interface SeedScore extends Partial<SeedViewScores> {
  readonly seed: number;
  readonly validationAccuracy: number | null;
  readonly validationLoss: number | null;
  readonly testAccuracy: number | null;
  readonly testLoss: number | null;
  readonly divergedAtStep: number | null;
  /** Test images of class t taken for class p, at 10 t + p; null where it was not counted. */
  readonly confusion: readonly number[] | null;
}

/** Where a run comes from: trained here, or brought as a file. */
export type RunOrigin = 'here' | 'import' | 'example';

export interface RunRecord {
  readonly id: string;
  readonly name: string;
  readonly origin: RunOrigin;
  readonly state: RunState;
  /** Why it failed. */
  readonly problem: string | null;
  /** The experiment that the settings started from. */
  readonly experiment: string;
  /** Null where only `train` is known: a run that was brought. */
  readonly settings: ExperimentSettings | null;
  readonly train: TrainSettings;
  readonly step: number;
  /** Step of its checkpoint; earlier versions did not say. */
  readonly checkpointStep?: number;
  readonly stepsPerEpoch: number;
  readonly dispatchesPerStep: number;
  readonly modelBytes: number;
  /** Variant of each call of a step. */
  readonly variants: Readonly<Record<string, string>>;
  readonly kernels: KernelOrigin;
  /** Variants that were forced, by op; earlier versions did not say. */
  readonly forced?: Readonly<Record<string, string>>;
  readonly adapter: string;
  readonly browser: string;
  /** ISO date. */
  readonly startedAt: string;
  readonly elapsedMs: number;
  readonly msPerStep: number | null;
  readonly perSeed: readonly SeedScore[];
  /** Index into the palette: colour and dash. */
  readonly style: number;
  readonly pinned: boolean;
  readonly hasWeights: boolean;
  /** Name of the weights file that it started from; null: from random weights. */
  readonly initial: string | null;
}

/** What came in while it trained, R values to a row, oldest first. Plain arrays of numbers; NaN where a value is not finite. */
export interface RunMetrics {
  readonly replicas: number;
  readonly steps: number[];
  readonly loss: number[];
  readonly accuracy: number[];
  readonly rate: number[];
  readonly validationSteps: number[];
  readonly validationLoss: number[];
  readonly validationAccuracy: number[];
}

/** An id for a run: also at an address that is not secure, where browsers have no randomUUID. */
export const newRunId = (): string =>
  Array.from(crypto.getRandomValues(new Uint32Array(4)), (word) => word.toString(16)).join('-');

export const emptyMetrics = (replicas: number): RunMetrics => ({
  replicas,
  steps: [],
  loss: [],
  accuracy: [],
  rate: [],
  validationSteps: [],
  validationLoss: [],
  validationAccuracy: [],
});

/** The metrics up to and including `step`: those of a run that goes on from there. */
export function metricsUpTo(metrics: RunMetrics, step: number): RunMetrics {
  const { replicas } = metrics;
  const rows = metrics.steps.filter((each) => each <= step).length;
  const validated = metrics.validationSteps.filter((each) => each <= step).length;
  return {
    replicas,
    steps: metrics.steps.slice(0, rows),
    loss: metrics.loss.slice(0, rows * replicas),
    accuracy: metrics.accuracy.slice(0, rows * replicas),
    rate: metrics.rate.slice(0, rows),
    validationSteps: metrics.validationSteps.slice(0, validated),
    validationLoss: metrics.validationLoss.slice(0, validated * replicas),
    validationAccuracy: metrics.validationAccuracy.slice(0, validated * replicas),
  };
}

export const seedsOf = ({ train }: Pick<RunRecord, 'train'>): number[] =>
  train.replicas.map(({ seed }) => seed);

/** The step that a run goes on from: 0 where it begins again. */
export const goesOnFrom = ({ checkpointStep, step }: Pick<RunRecord, 'checkpointStep' | 'step'>): number =>
  checkpointStep ?? step;

/** It has more than its start to go on from. */
export const isUnfinished = (run: RunRecord): boolean =>
  (run.state === 'interrupted' || run.state === 'stopped') && goesOnFrom(run) > 0 && run.origin === 'here';

/** Undefined of nothing. */
export const meanOf = (values: readonly number[]): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0) / values.length;

/** Scores of the seeds that did not diverge: what such a net answers is no result. */
export const soundSeeds = ({ perSeed }: Pick<RunRecord, 'perSeed'>) =>
  perSeed.filter(({ divergedAtStep }) => divergedAtStep === null);

/** Those of them that were tested. */
export const testedSeeds = (record: Pick<RunRecord, 'perSeed'>) =>
  soundSeeds(record).filter(
    (score): score is SeedScore & { readonly testAccuracy: number } => score.testAccuracy !== null,
  );

/** Mean over these. */
export const testAccuracy = (record: Pick<RunRecord, 'perSeed'>): number | undefined =>
  meanOf(testedSeeds(record).map((score) => score.testAccuracy));

/** What of them was scored over views of each image, too. */
export const testsOverViews = (record: Pick<RunRecord, 'perSeed'>): number[] =>
  testedSeeds(record).flatMap(({ testAccuracyOverViews }) => testAccuracyOverViews ?? []);
