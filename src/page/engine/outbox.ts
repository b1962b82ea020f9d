import type { TrainReport } from '../../train/report-window.ts';
import type { ValidationReport } from '../../train/trainer.ts';
import type { EngineEvent } from './protocol.ts';

/** Collects what training reports and posts it as columns, so that the page hears of the steps every `intervalMs` at most, however fast they are. */
export class Outbox {
  readonly #post: (event: EngineEvent, transfer: Transferable[]) => void;
  readonly #intervalMs: number;
  #reports: TrainReport[] = [];
  #validations: ValidationReport[] = [];
  #last: TrainReport | undefined;
  #sentMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(post: (event: EngineEvent, transfer: Transferable[]) => void, intervalMs: number) {
    this.#post = post;
    this.#intervalMs = intervalMs;
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
    const waitMs = this.#sentMs + this.#intervalMs - performance.now();
    if (waitMs <= 0) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), waitMs);
  }
}
