// The run that the worker is busy with, or the last one of this tab: what the Train view shows.
import type { ReadyReport } from '../../train/messages.ts';
import { viewScoresOf } from '../../train/view-scores.ts';
import type { EngineEvent, ProgressReport, TrainOutcome } from '../engine/protocol.ts';
import type { Form } from './form.ts';
import type { WeightsFile } from './initial-weights.ts';
import {
  emptyMetrics,
  meanOf,
  metricsUpTo,
  type RunMetrics,
  type RunRecord,
  type SeedScore,
  seedsOf,
} from './run-record.ts';

type Column = 'loss' | 'accuracy' | 'validationAccuracy' | 'validationLoss';

/** Metrics are appended in place; everything else is replaced. */
export class LiveRun {
  readonly form: Form;
  /** What it started from, where this tab has started it. */
  readonly initial: WeightsFile | undefined;
  record: RunRecord;
  metrics: RunMetrics;
  ready: ReadyReport | undefined;
  epoch = 0;
  msPerStep: number | undefined;
  /** GPU objects made by a step, as counted in the worker. */
  objectsPerStep: number | undefined;
  /** First step whose loss was not finite, by replica. */
  readonly diverged = new Map<number, number>();
  readonly #startedMs = performance.now();
  readonly #elapsedBefore: number;

  constructor(form: Form, record: RunRecord, initial?: WeightsFile) {
    this.form = form;
    this.initial = initial;
    this.record = record;
    this.metrics = emptyMetrics(record.train.replicas.length);
    this.#elapsedBefore = record.elapsedMs;
    this.epoch = record.stepsPerEpoch > 0 ? record.step / record.stepsPerEpoch : 0;
    // A run that goes on knows of them from before.
    for (const [replica, { divergedAtStep }] of record.perSeed.entries()) {
      if (divergedAtStep !== null) this.diverged.set(replica, divergedAtStep);
    }
  }

  /** The plan is compiled: training begins, or goes on from a checkpoint. */
  isReady(ready: ReadyReport): void {
    this.ready = ready;
    this.metrics = metricsUpTo(this.metrics, ready.step);
    this.epoch = ready.step / ready.stepsPerEpoch;
    const { step, stepsPerEpoch, dispatchesPerStep, modelBytes, variants } = ready;
    // A checkpoint says which variants, and not why: that its run knows.
    const kernels = step > 0 ? this.record.kernels : ready.kernels;
    const about = { stepsPerEpoch, dispatchesPerStep, modelBytes, variants, kernels };
    this.record = { ...this.record, ...about, adapter: ready.adapterName, step, checkpointStep: step };
  }

  /** A checkpoint was written: whoever finds the run interrupted sees what it was worth by then. */
  isKept({ step, objectsPerStep }: Extract<EngineEvent, { event: 'checkpoint' }>): void {
    this.objectsPerStep = objectsPerStep ?? this.objectsPerStep;
    this.record = { ...this.record, checkpointStep: step, perSeed: this.scores() };
  }

  add({ step, epoch, msPerStep, columns, validations }: ProgressReport, nowMs: number): void {
    const { metrics } = this;
    append(metrics.steps, columns.steps);
    append(metrics.loss, columns.loss);
    append(metrics.accuracy, columns.accuracy);
    append(metrics.rate, columns.rate);
    for (const { step: at, scores } of validations) {
      metrics.validationSteps.push(at);
      metrics.validationLoss.push(...scores.map(({ loss }) => loss));
      metrics.validationAccuracy.push(...scores.map(({ accuracy }) => accuracy));
    }
    this.epoch = epoch;
    if (Number.isFinite(msPerStep) && msPerStep > 0) this.msPerStep = msPerStep;
    this.record = {
      ...this.record,
      step: Math.max(step, this.record.step),
      elapsedMs: this.elapsedMs(nowMs),
      msPerStep: this.msPerStep ?? null,
    };
  }

  /** Scores and speed of a run that ended, or was stopped. */
  end(outcome: TrainOutcome, nowMs: number): void {
    const { finished, step, msPerStep } = outcome;
    this.record = {
      ...this.record,
      state: finished ? 'finished' : 'stopped',
      step,
      elapsedMs: this.elapsedMs(nowMs),
      msPerStep: msPerStep ?? this.record.msPerStep,
      hasWeights: true,
      perSeed: this.scores(outcome),
    };
  }

  /** What each seed is worth: by the last validation, until there is an outcome. */
  scores(outcome?: TrainOutcome): SeedScore[] {
    const { validation, test, confusion } = outcome ?? {};
    return seedsOf(this.record).map((seed, r) => ({
      seed,
      validationAccuracy: validation?.[r]?.accuracy ?? this.#lastValidation('validationAccuracy', r),
      validationLoss: validation?.[r]?.loss ?? this.#lastValidation('validationLoss', r),
      testAccuracy: test?.[r]?.accuracy ?? null,
      testLoss: test?.[r]?.loss ?? null,
      ...(outcome && viewScoresOf(outcome, r)),
      divergedAtStep: this.diverged.get(r) ?? null,
      confusion: confusion?.[r] ?? null,
    }));
  }

  elapsedMs(nowMs: number): number {
    return this.#elapsedBefore + nowMs - this.#startedMs;
  }

  /** The last values, their mean over the seeds that have not diverged; undefined where nothing has come yet, and where there is no such seed. */
  last(column: Column): number | undefined {
    const { replicas } = this.metrics;
    return meanOf(this.metrics[column].slice(-replicas).filter((_, replica) => !this.diverged.has(replica)));
  }

  /** No seed is left that could become better. */
  get hasDiverged(): boolean {
    return this.diverged.size === this.metrics.replicas;
  }

  /** Time until the last step, ms. */
  get leftMs(): number | undefined {
    if (this.msPerStep === undefined) return undefined;
    return (this.record.train.steps - this.record.step) * this.msPerStep;
  }

  #lastValidation(column: Column, replica: number): number | null {
    return this.metrics[column].at(replica - this.metrics.replicas) ?? null;
  }
}

function append(to: number[], values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) to.push(values[i]!);
}
