import type { TrainingSplits } from '../data/splits.ts';
import { type TestViews, viewsOf } from '../data/test-views.ts';
import type { Gpu } from '../gpu/device.ts';
import type { Model } from '../nn/model.ts';
import type { GpuDataset } from './dataset.ts';
import { Evaluation, type Score, type StepSizes } from './evaluation.ts';
import type { Pacer } from './pacer.ts';
import type { PlanTools } from './plan.ts';

export type ScoredSplit = 'validation' | 'test';

export interface EvaluationsOptions {
  readonly gpu: Gpu;
  readonly tools: PlanTools & { readonly pacer: Pacer };
  readonly model: Model;
  readonly dataset: GpuDataset;
  readonly splits: TrainingSplits;
  readonly step: StepSizes;
}

/** What a population in training is scored with: made when first wanted, then kept. One state is scored once. */
export class Evaluations {
  readonly #options: EvaluationsOptions;
  readonly #made = new Map<string, Promise<Evaluation>>();
  readonly #scores = new Map<string, readonly Score[]>();
  /** One at a time: two runs of an evaluation would write to the same buffers. */
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: EvaluationsOptions) {
    this.#options = options;
  }

  /** Makes what these splits need. Resolves when it is there, or has failed: an evaluation then says why. */
  async prepare(splits: readonly ScoredSplit[]): Promise<void> {
    await Promise.allSettled(splits.map((split) => this.#evaluation(split)));
  }

  /** To be called where parameters or statistics change: what was scored before is no longer so. */
  stateChanged(): void {
    this.#scores.clear();
  }

  /**
   * Scores every replica, with running statistics, on a split or on the average over views of its images.
   * @throws the signal's reason as soon as that stops it, also while kernels compile
   */
  score(split: ScoredSplit, views?: TestViews, signal?: AbortSignal): Promise<readonly Score[]> {
    const key = keyOf(split, views);
    return this.#inTurn(split, views, signal, async (evaluation) => {
      const scores = this.#scores.get(key) ?? (await evaluation.run(signal));
      this.#scores.set(key, scores);
      return scores;
    });
  }

  /** Per replica, at t · classes + p: test images of class t for which class p has the largest logit. */
  confusion(signal?: AbortSignal): Promise<number[][]> {
    return this.#inTurn('test', undefined, signal, (evaluation) => evaluation.confusion(signal));
  }

  /** Per replica: logits (n, classes) of the first `n` test images. */
  logits(n: number): Promise<Float32Array<ArrayBuffer>[]> {
    return this.#inTurn('test', undefined, undefined, (evaluation) => evaluation.logits(n));
  }

  /** Does `work` while nothing is scored; what was scored before is no longer so. */
  change(work: () => Promise<void>): Promise<void> {
    return this.#alone(async () => {
      await work();
      this.stateChanged();
    });
  }

  async destroy(): Promise<void> {
    await this.#running;
    for (const made of await Promise.allSettled(this.#made.values())) {
      if (made.status === 'fulfilled') made.value.destroy();
    }
    this.#made.clear();
  }

  #inTurn<T>(
    split: ScoredSplit,
    views: TestViews | undefined,
    signal: AbortSignal | undefined,
    work: (evaluation: Evaluation) => Promise<T>,
  ): Promise<T> {
    const made = this.#evaluation(split, views);
    made.catch(() => {});
    return this.#alone(async () => work(await orStopped(made, signal)));
  }

  #alone<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#running.then(work);
    this.#running = done.catch(() => {});
    return done;
  }

  async #evaluation(split: ScoredSplit, views?: TestViews): Promise<Evaluation> {
    const { gpu, tools, model, dataset, splits, step } = this.#options;
    gpu.check();
    const range = split === 'test' ? { firstImage: 0, count: dataset.test.count } : splits.validation;
    if (range.count === 0) throw new RangeError('valSize is 0: there is no validation split');
    const key = keyOf(split, views);
    let evaluation = this.#made.get(key);
    if (evaluation === undefined) {
      const { test, train } = dataset;
      evaluation = Evaluation.make(tools, {
        model,
        split: split === 'test' ? test : train,
        range,
        ...(views !== undefined && { views: viewsOf(views) }),
        step,
      });
      this.#made.set(key, evaluation);
    }
    return evaluation;
  }
}

/** What `work` comes to, or the signal's reason, whichever is first. */
function orStopped<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

const keyOf = (split: ScoredSplit, views: TestViews | undefined): string => `${split} ${views}`;
