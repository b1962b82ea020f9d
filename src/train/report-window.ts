import { learningRate } from '../optim/schedule.ts';
import type { Pace } from './pacer.ts';
import type { TrainSettings } from './settings.ts';
import type { StepStats } from './stats.ts';

/** Means over the steps since the last report, one value per replica. */
export interface TrainReport {
  /** Steps done. */
  readonly step: number;
  readonly epoch: number;
  readonly loss: readonly number[];
  readonly accuracy: readonly number[];
  /** Of the last of these steps. */
  readonly learningRate: readonly number[];
  /** Time per step so far, ms: while steps were on their way to the GPU or on it. */
  readonly msPerStep: number;
}

/** Sums over the steps that no report has covered yet, one value per replica. */
export interface Unreported {
  readonly steps: number;
  /** Null where it is not finite. */
  readonly lossSums: readonly (number | null)[];
  readonly hits: readonly number[];
}

/** Turns steps into reports: every `reportSteps` steps, counted from the start of the run, and at the end of an epoch. */
export class ReportWindow {
  readonly #settings: TrainSettings;
  readonly #stepsPerEpoch: number;
  readonly #pace: () => Pace;
  readonly epochEnd: number;
  onReport: ((report: TrainReport) => void) | undefined;
  #loss: number[] = [];
  #hits: number[] = [];
  #steps = 0;
  /** Steps done, as far as they have come. */
  #end = Number.NaN;

  constructor(settings: TrainSettings, stepsPerEpoch: number, epochEnd: number, pace: () => Pace) {
    this.#settings = settings;
    this.#stepsPerEpoch = stepsPerEpoch;
    this.#pace = pace;
    this.epochEnd = epochEnd;
  }

  /** What there was of the steps before `end`, from which it goes on. */
  goOn({ steps, lossSums, hits }: Unreported, end: number): void {
    this.#steps = steps;
    this.#end = end;
    this.#loss = lossSums.map((sum) => sum ?? Number.NaN);
    this.#hits = [...hits];
  }

  /** What is not reported of the steps before `end`; undefined where there is nothing, or where some of them have not come. */
  unreported(end: number): Unreported | undefined {
    if (this.#steps === 0 || this.#end !== end) return undefined;
    const lossSums = this.#loss.map((sum) => (Number.isFinite(sum) ? sum : null));
    return { steps: this.#steps, lossSums, hits: [...this.#hits] };
  }

  add({ step, lossSums, hits }: StepStats): void {
    const { reportSteps, batchSize, replicas, schedule } = this.#settings;
    for (let r = 0; r < replicas.length; r++) {
      this.#loss[r] = (this.#loss[r] ?? 0) + lossSums[r]!;
      this.#hits[r] = (this.#hits[r] ?? 0) + hits[r]!;
    }
    this.#steps++;
    const done = step + 1;
    this.#end = done;
    if (done % reportSteps !== 0 && done !== this.epochEnd) return;
    const samples = this.#steps * batchSize;
    const { steps, busyMs } = this.#pace();
    this.onReport?.({
      step: done,
      epoch: done / this.#stepsPerEpoch,
      loss: this.#loss.map((sum) => sum / samples),
      accuracy: this.#hits.map((sum) => sum / samples),
      learningRate: replicas.map(({ rateScale }) => learningRate(schedule, step) * rateScale),
      msPerStep: busyMs / Math.max(steps, 1),
    });
    this.#loss = [];
    this.#hits = [];
    this.#steps = 0;
  }
}
