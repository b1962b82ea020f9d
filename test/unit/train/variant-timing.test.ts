/** The choice of a variant, with clocks that are coarse or broken. */
import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/gpu/clock.ts';
import { Quantum } from '../../../src/gpu/repeats.ts';
import { timeVariants } from '../../../src/train/variant-timing.ts';
import { stream } from '../measure/simulated-clock.ts';

/** What Chrome rounds GPU timestamps down to, without developer flags. */
const coarse = 65_536;

/** Dispatches that truly take `rowNs` each, 1 % noise, between two timestamps that are rounded down to multiples of `quantum` ns. */
function roundedClock(rowNs: readonly number[], quantum: number): Clock & { longestNs: number } {
  const random = stream(3);
  let now = 1e9;
  const clock = {
    kind: 'gpu' as const,
    longestNs: 0,
    async run(jobs: readonly { row: number; repeats: number }[]) {
      return jobs.map(({ row, repeats }) => {
        now += 1e5 * (1 + random.float());
        const ns = repeats * rowNs[row]! * Math.exp(0.01 * random.normal());
        clock.longestNs = Math.max(clock.longestNs, ns);
        const begin = Math.floor(now / quantum) * quantum;
        now += ns;
        const rounded = Math.floor(now / quantum) * quantum - begin;
        return { ns: rounded > 0 ? rounded : null };
      });
    },
  };
  return clock;
}

const variants = ['usual', 'second', 'third'];
const choose = (clock: Clock, sampleNs = 0) =>
  timeVariants({ clock, quantum: new Quantum(), variants, sampleNs });

describe('a clock of 65,536 ns', () => {
  test.each([
    ['dispatches of a fifth of the quantum', [14_000, 12_000, 13_000], 'second'],
    ['dispatches of a hundredth', [700, 800, 600], 'third'],
    ['dispatches of a few', [300_000, 400_000, 200_000], 'third'],
    ['no clear winner', [12_000, 12_000, 12_100], 'usual'],
  ])('%s: the truly fastest', async (_, rowNs, fastest) => {
    const { variant, us } = (await choose(roundedClock(rowNs, coarse)))!;
    expect(variant).toBe(fastest);
    for (const [row, name] of variants.entries()) {
      expect(us[name]! / (rowNs[row]! / 1000)).toBeGreaterThan(0.9);
      expect(us[name]! / (rowNs[row]! / 1000)).toBeLessThan(1.1);
    }
  });

  test('samples are no longer than it takes', async () => {
    const clock = roundedClock([14_000, 12_000, 13_000], coarse);
    await choose(clock);
    expect(clock.longestNs).toBeLessThan(60 * coarse);
  });
});

test('with a fine clock and nothing to fill, a dispatch is timed one at a time', async () => {
  const clock = roundedClock([3e6, 2e6, 2.5e6], 1);
  const repeats: number[] = [];
  const run: Clock['run'] = (jobs) => {
    repeats.push(...jobs.map((job) => job.repeats));
    return clock.run(jobs);
  };
  const { variant } = (await choose({ ...clock, run }))!;
  expect(variant).toBe('second');
  expect(new Set(repeats)).toEqual(new Set([1]));
});

test('samples that a fine clock times are filled', async () => {
  const clock = roundedClock([10_000, 12_000, 11_000], 1);
  const { us } = (await choose(clock, 1.5e6))!;
  expect(us.usual).toBeCloseTo(10, 0);
  expect(clock.longestNs).toBeGreaterThan(1.2e6);
});

describe('timestamps that are 0 or go backwards', () => {
  /** Rows of which some are never timed. */
  const broken = (rows: readonly number[]): Clock => {
    const clock = roundedClock([14_000, 12_000, 13_000], 1);
    return {
      kind: 'gpu',
      run: async (jobs) =>
        (await clock.run(jobs)).map((t, i) => (rows.includes(jobs[i]!.row) ? { ns: null } : t)),
    };
  };

  test('a variant without a time does not win', async () => {
    const { variant, us } = (await choose(broken([1])))!;
    expect(variant).toBe('third');
    expect(Object.keys(us)).toEqual(['usual', 'third']);
  });

  test('without a time of the default nothing is chosen', async () => {
    expect(await choose(broken([0]))).toBeUndefined();
    expect(await choose(broken([0, 1, 2]))).toBeUndefined();
  });

  test('a sample that fails now and then is left out', async () => {
    const clock = roundedClock([14_000, 12_000, 13_000], 1);
    let jobs = 0;
    const flaky: Clock = {
      kind: 'gpu',
      run: async (list) => (jobs++ % 3 === 2 ? list.map(() => ({ ns: null })) : clock.run(list)),
    };
    const { variant, us } = (await choose(flaky))!;
    expect(variant).toBe('second');
    expect(us.second).toBeGreaterThan(11);
  });
});

describe('a budget', () => {
  /** Says no so many times. */
  const overAfter = (asked: number) => () => asked-- <= 0;
  const within = (isOver: () => boolean) =>
    timeVariants({
      clock: roundedClock([3e6, 2e6, 1e6], 1),
      quantum: new Quantum(),
      variants,
      sampleNs: 0,
      isOver,
    });

  test('that ends before each variant had its turn decides nothing', async () => {
    expect(await within(overAfter(2))).toBeUndefined();
  });

  test('that ends in the rounds leaves enough of them', async () => {
    let asked = 0;
    const tuned = await within(() => ++asked > 3);
    expect(tuned?.variant).toBe('third');
    // Three first times, two second tries that are left out, and the rounds behind the third.
    expect(asked).toBe(6);
  });
});

test('a clock that rises while the default is timed, the first of all: it is not dropped for that', async () => {
  const warm = roundedClock([10_000, 12_000, 14_000], 1);
  let runs = 0;
  const rising: Clock = {
    kind: 'gpu',
    async run(jobs) {
      const factor = runs++ < 2 ? 5.7 : 1;
      return (await warm.run(jobs)).map(({ ns }) => ({ ns: ns === null ? null : factor * ns }));
    },
  };
  const { variant, us } = (await choose(rising))!;
  expect(variant).toBe('usual');
  expect(us.usual).toBeLessThan(11);
});
