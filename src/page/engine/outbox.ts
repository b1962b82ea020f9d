import type { TrainReport } from '../../train/report-window.ts';
import type { ValidationReport } from '../../train/trainer.ts';
import type { EngineEvent } from './protocol.ts';

/** The page hears of the steps at most so often, however fast they are. */
const intervalMs = 100;

/** Collects what training reports and posts it as columns, ten times a second at most. */
export class Outbox {
  readonly #post: (event: EngineEvent, transfer: Transferable[]) => void;
  #reports: TrainReport[] = [];
  #validations: ValidationReport[] = [];
  #last: TrainReport | undefined;
  #sentMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(post: (event: EngineEvent, transfer: Transferable[]) => void) {
    this.#post = post;
  }

  addReport(report: TrainReport): void {
    this.#reports.push(report);
    this.#last = report;
    this.#schedule();
  }

  addValidation(report: ValidationReport): void {
    this.#validations.push(report);
    this.#schedule();
  }

  /** Posts what has gathered. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const reports = this.#reports;
    const validations = this.#validations;
    const newest = reports.at(-1) ?? this.#last;
    const validated = validations.at(-1);
    if (reports.length === 0 && validations.length === 0) return;
    this.#reports = [];
    this.#validations = [];
    this.#sentMs = performance.now();
    const columns = {
      steps: Float64Array.from(reports, ({ step }) => step),
      loss: Float32Array.from(reports.flatMap(({ loss }) => loss)),
      accuracy: Float32Array.from(reports.flatMap(({ accuracy }) => accuracy)),
      rate: Float32Array.from(reports, ({ learningRate }) => learningRate[0] ?? 0),
    };
    this.#post(
      {
        event: 'progress',
        step: Math.max(newest?.step ?? 0, validated?.step ?? 0),
        epoch: Math.max(newest?.epoch ?? 0, validated?.epoch ?? 0),
        msPerStep: newest?.msPerStep ?? Number.NaN,
        columns,
        validations: validations.map(({ step, validation }) => ({ step, scores: validation })),
      },
      Object.values(columns).map(({ buffer }) => buffer),
    );
  }

  #schedule(): void {
    const waitMs = this.#sentMs + intervalMs - performance.now();
    if (waitMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
  }
}
