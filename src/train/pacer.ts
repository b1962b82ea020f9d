import type { Gpu } from '../gpu/device.ts';
import { GpuError } from '../gpu/errors.ts';
import { encodeStep, type Plan, requireBuffers } from './plan.ts';

export interface PacerOptions {
  /** What one submit should last. Operating systems reset a GPU that is busy for about 2 s; a page wants frames in between. */
  readonly budgetMs?: number;
  /**
   * Most steps of one submit, however fast they are. A GPU begins with a submit when all of it is recorded: of many short ones it computes
   * one while the CPU records the next.
   */
  readonly maxSteps?: number;
}

/** Time a plan has taken so far. */
export interface Pace {
  readonly steps: number;
  /** Time during which the GPU worked on these steps, ms. */
  readonly busyMs: number;
}

/** A pace with what the next portion is made from. */
interface MeasuredPace extends Pace {
  readonly recentSteps: number;
  readonly recentMs: number;
  readonly lastMsPerStep: number;
}

/** Submits held back while this many are unfinished: one runs, one waits, the GPU never idles. */
const inFlight = 2;

/** Weight of the past in the pace that the next portion is made for. */
const fading = 0.7;

/**
 * Submits steps in portions that last about `budgetMs` each, measured as they finish. Awaits once per submit,
 * never per step.
 */
export class Pacer {
  readonly #gpu: Gpu;
  /** End the waits for submits where the device fails: one reaction for all, as the device's promise keeps each for the device's life. */
  readonly #giveUp = new Set<(error: unknown) => void>();
  readonly #budgetMs: number;
  readonly #maxSteps: number;
  readonly #unfinished: Promise<void>[] = [];
  readonly #paces = new WeakMap<Plan, MeasuredPace>();
  #idleSince = 0;

  constructor(gpu: Gpu, { budgetMs = 120, maxSteps = 64 }: PacerOptions = {}) {
    this.#gpu = gpu;
    gpu.failure.catch((error: unknown) => {
      for (const giveUp of this.#giveUp) giveUp(error);
    });
    this.#budgetMs = budgetMs;
    this.#maxSteps = maxSteps;
  }

  /**
   * Submits up to `steps` steps and returns how many. `finish` is told how many, and may add commands behind them in the
   * same submit.
   * Resolves as soon as the next portion may be encoded.
   * @throws GpuError where the device was lost or has reported an error; Error naming a tensor of the plan that was freed, such as one of a data set
   */
  async submit(
    plan: Plan,
    steps: number,
    finish?: (encoder: GPUCommandEncoder, portion: number) => void,
  ): Promise<number> {
    const { device } = this.#gpu;
    while (this.#unfinished.length >= inFlight) await this.#oldest();
    requireBuffers(plan.tensors);
    const portion = Math.max(1, Math.min(steps, this.#portion(plan), this.#maxSteps));
    const encoder = device.createCommandEncoder({ label: plan.label });
    for (let step = 0; step < portion; step++) encodeStep(encoder, plan);
    finish?.(encoder, portion);
    device.queue.submit([encoder.finish()]);
    const measured = this.#measure(plan, portion, performance.now());
    measured.catch(() => {}); // #oldest tells, when its turn comes.
    this.#unfinished.push(measured);
    return portion;
  }

  /** Resolves when everything submitted is done. */
  async drain(): Promise<void> {
    while (this.#unfinished.length > 0) await this.#oldest();
  }

  /** What a plan's steps have taken so far, finished submits only. */
  paceOf(plan: Plan): Pace {
    const { steps, busyMs } = this.#paces.get(plan) ?? { steps: 0, busyMs: 0 };
    return { steps, busyMs };
  }

  async #oldest(): Promise<void> {
    this.#gpu.check();
    const oldest = this.#unfinished.shift();
    try {
      await new Promise<void>((resolve, reject) => {
        this.#giveUp.add(reject);
        oldest?.then(resolve, reject).finally(() => this.#giveUp.delete(reject));
      });
    } catch (error) {
      this.#gpu.check(); // Where the device is lost, that is the better message.
      throw new GpuError(`the GPU did not finish its work: ${error}`);
    }
    this.#gpu.check();
  }

  async #measure(plan: Plan, steps: number, submittedAt: number): Promise<void> {
    await this.#gpu.device.queue.onSubmittedWorkDone();
    const now = performance.now();
    const busyMs = now - Math.max(submittedAt, this.#idleSince);
    this.#idleSince = now;
    const pace = this.#paces.get(plan) ?? {
      steps: 0,
      busyMs: 0,
      recentSteps: 0,
      recentMs: 0,
      lastMsPerStep: 0,
    };
    this.#paces.set(plan, {
      steps: pace.steps + steps,
      busyMs: pace.busyMs + busyMs,
      // Fading sums: where two submits are seen to end at once, the second seems to have taken no time at all.
      recentSteps: fading * pace.recentSteps + steps,
      recentMs: fading * pace.recentMs + busyMs,
      lastMsPerStep: busyMs / steps,
    });
  }

  /** Steps that fill the budget at the last measured pace; few until something is measured, and never a sudden jump. */
  #portion(plan: Plan): number {
    const pace = this.#paces.get(plan);
    if (pace === undefined) return 1;
    // The slower of the last submit and the recent ones: a slow-down counts at once, a moment that looks fast does not.
    const msPerStep = Math.max(pace.lastMsPerStep, pace.recentMs / pace.recentSteps, 1e-3);
    const filling = Math.floor(this.#budgetMs / msPerStep);
    return Math.min(filling, 4 * pace.steps);
  }
}
