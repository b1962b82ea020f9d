import type { TrainReport } from '../train/report-window.ts';
import type { ValidationReport } from '../train/trainer.ts';

/** What the chart draws, as columns by step; null where a series has no value at a step. */
export class History {
  readonly steps: number[] = [];
  readonly loss: (number | null)[] = [];
  readonly trainingAccuracy: (number | null)[] = [];
  readonly validationAccuracy: (number | null)[] = [];

  addReport({ step, loss, accuracy }: TrainReport): void {
    const row = this.#rowOf(step);
    this.loss[row] = loss[0]!;
    this.trainingAccuracy[row] = accuracy[0]!;
  }

  addValidation({ step, validation }: ValidationReport): void {
    this.validationAccuracy[this.#rowOf(step)] = validation[0]!.accuracy;
  }

  /** Reports come in the order of their steps, a validation after the report of its step. */
  #rowOf(step: number): number {
    if (this.steps.at(-1) !== step) {
      this.steps.push(step);
      for (const series of [this.loss, this.trainingAccuracy, this.validationAccuracy]) series.push(null);
    }
    return this.steps.length - 1;
  }
}
