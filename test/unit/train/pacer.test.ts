/** How many steps go into a submit, on a device that takes as long as the test says. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Gpu } from '../../../src/gpu/device.ts';
import { GpuError } from '../../../src/gpu/errors.ts';
import { Pacer, type PacerOptions } from '../../../src/train/pacer.ts';
import type { Plan } from '../../../src/train/plan.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Counts the reactions that are left on it, and on what is made of it. */
class Counted extends Promise<never> {
  static reactions = 0;

  // biome-ignore lint/suspicious/noThenProperty: it counts, and does what it did.
  override then<A = never, B = never>(
    onFulfilled?: ((value: never) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    Counted.reactions++;
    return super.then(onFulfilled, onRejected);
  }
}

/** A queue that works on one submit after the other, `msPerStep` each step. */
class FakeGpu {
  msPerStep: number;
  /** Steps of each submit. */
  readonly submits: number[] = [];
  /** Submits that are not finished; the most there ever were. */
  unfinished = 0;
  mostUnfinished = 0;
  readonly gpu: Gpu;
  failed: GpuError | undefined;
  #busyUntil = 0;
  #fail: (error: GpuError) => void = () => {};
  #passes = 0;

  constructor(msPerStep: number) {
    this.msPerStep = msPerStep;
    const failure = new Counted((_, reject) => {
      this.#fail = reject;
    });
    failure.catch(() => {});
    const device = {
      createCommandEncoder: () => ({
        beginComputePass: () => {
          this.#passes++;
          return { end: () => {} };
        },
        finish: () => 'commands',
      }),
      queue: {
        submit: () => {
          this.submits.push(this.#passes);
          this.#busyUntil = Math.max(this.#busyUntil, performance.now()) + this.#passes * this.msPerStep;
          this.#passes = 0;
          this.mostUnfinished = Math.max(this.mostUnfinished, ++this.unfinished);
        },
        onSubmittedWorkDone: () =>
          new Promise<void>((resolve) => {
            setTimeout(() => {
              this.unfinished--;
              resolve();
            }, this.#busyUntil - performance.now());
          }),
      },
    };
    this.gpu = {
      device,
      failure,
      check: () => {
        if (this.failed !== undefined) throw this.failed;
      },
    } as unknown as Gpu;
  }

  fail(error: GpuError): void {
    this.failed = error;
    this.#fail(error);
  }
}

const plan: Plan = { label: 'step', dispatches: [], variants: {}, tensors: [] };

/** Submits all of `steps`; time goes on by itself. */
async function runAll(pacer: Pacer, steps: number): Promise<void> {
  const all = (async () => {
    let done = 0;
    while (done < steps) done += await pacer.submit(plan, steps - done);
    expect(done).toBe(steps);
    await pacer.drain();
  })();
  await Promise.all([all, vi.runAllTimersAsync()]);
}

const make = (msPerStep: number, options?: PacerOptions) => {
  const fake = new FakeGpu(msPerStep);
  return { fake, pacer: new Pacer(fake.gpu, options) };
};

describe('portions', () => {
  test('start with one step and grow until they fill the budget', async () => {
    const { fake, pacer } = make(2, { budgetMs: 100 });
    await runAll(pacer, 400);
    expect(fake.submits.slice(0, 2)).toEqual([1, 1]); // Nothing is measured yet.
    for (const [i, portion] of fake.submits.entries()) {
      const before = fake.submits.slice(0, i).reduce((sum, steps) => sum + steps, 0);
      expect(portion).toBeLessThanOrEqual(Math.max(1, 4 * before));
      expect(portion).toBeLessThanOrEqual(50);
    }
    expect(fake.submits).toContain(50);
  });

  test('are one step where a step takes longer than the budget', async () => {
    const { fake, pacer } = make(300, { budgetMs: 100 });
    await runAll(pacer, 6);
    expect(fake.submits).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test('are at most maxSteps, however fast the steps are', async () => {
    const { fake, pacer } = make(0, { maxSteps: 8 });
    await runAll(pacer, 100);
    expect(Math.max(...fake.submits)).toBe(8);
  });

  test('shrink when steps become slower', async () => {
    const { fake, pacer } = make(1, { budgetMs: 100 });
    await runAll(pacer, 500);
    fake.msPerStep = 10;
    const before = fake.submits.length;
    await runAll(pacer, 500);
    const later = fake.submits.slice(before);
    // What was encoded at the old pace, then a tenth of it.
    expect(later.slice(3, -1).every((portion) => portion === 10)).toBe(true);
    expect(later.length).toBeGreaterThan(10);
  });

  test('are never more than asked for, and `finish` is told how many', async () => {
    const { fake, pacer } = make(0);
    const told: number[] = [];
    for (const want of [1, 5, 3, 7]) {
      const submitted = pacer.submit(plan, want, (_, portion) => told.push(portion));
      await vi.runAllTimersAsync();
      expect(await submitted).toBe(told.at(-1));
      expect(told.at(-1)).toBeLessThanOrEqual(want);
    }
    expect(fake.submits).toEqual(told);
  });
});

test('two submits are under way at most, and the queue never runs dry', async () => {
  const { fake, pacer } = make(3);
  await runAll(pacer, 200);
  expect(fake.mostUnfinished).toBe(2);
  // The time of all steps and nothing in between.
  expect(pacer.paceOf(plan)).toEqual({ steps: 200, busyMs: 600 });
});

test('each plan has a pace of its own', async () => {
  const { pacer } = make(1, { budgetMs: 50 });
  await runAll(pacer, 200);
  const other: Plan = { ...plan, label: 'evaluation' };
  expect(pacer.paceOf(other)).toEqual({ steps: 0, busyMs: 0 });
  const submitted = pacer.submit(other, 100);
  await vi.runAllTimersAsync();
  expect(await submitted).toBe(1);
});

test('time that the queue idles is no time of a step', async () => {
  const { pacer } = make(4);
  await runAll(pacer, 10);
  await vi.advanceTimersByTimeAsync(5000);
  await runAll(pacer, 10);
  expect(pacer.paceOf(plan)).toMatchObject({ steps: 20, busyMs: 80 });
});

describe('a lost device', () => {
  const error = new GpuError('the GPU device was lost');

  test('ends a wait that would never end', async () => {
    const { fake, pacer } = make(1e9);
    await pacer.submit(plan, 1);
    await pacer.submit(plan, 1);
    const third = pacer.submit(plan, 1);
    fake.fail(error);
    await expect(third).rejects.toBe(error);
    expect(fake.submits.length).toBe(2);
  });

  test('is awaited by one reaction, however many the submits are', async () => {
    const { pacer } = make(200);
    const before = Counted.reactions;
    await runAll(pacer, 50);
    expect(Counted.reactions).toBe(before);
  });

  test('ends every wait, and what is asked for later', async () => {
    const { fake, pacer } = make(1e9);
    await pacer.submit(plan, 1);
    await pacer.submit(plan, 1);
    const [a, b] = [pacer.drain(), pacer.drain()];
    fake.fail(error);
    await expect(a).rejects.toBe(error);
    await expect(b).rejects.toBe(error);
    await pacer.submit(plan, 1);
    await expect(pacer.drain()).rejects.toBe(error);
  });

  test('is seen where work seems to be done', async () => {
    const { fake, pacer } = make(1);
    await pacer.submit(plan, 1);
    const drained = pacer.drain();
    fake.failed = error;
    await Promise.all([expect(drained).rejects.toBe(error), vi.runAllTimersAsync()]);
  });
});
