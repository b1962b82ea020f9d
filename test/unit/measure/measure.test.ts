import { describe, expect, test } from 'vitest';
import type { Clock } from '../../../src/gpu/clock.ts';
import { groupRandom, roundOrder } from '../../../src/measure/interleave.ts';
import { measure, planRounds } from '../../../src/measure/measure.ts';
import { warmupRounds } from '../../../src/measure/warm-up.ts';

describe('roundOrder', () => {
  test('the same seed and group give the same orders, others do not', () => {
    const orders = (seed: number, group: string) => {
      const random = groupRandom(seed, group);
      return Array.from({ length: 20 }, (_, round) => roundOrder(random, [1, 1, 1, 1], round).join());
    };
    expect(orders(1, 'a')).toEqual(orders(1, 'a'));
    expect(orders(1, 'a')).not.toEqual(orders(2, 'a'));
    expect(orders(1, 'a')).not.toEqual(orders(1, 'b'));
  });

  test('every row is about as often in every place', () => {
    const random = groupRandom(1, 'group');
    const counts = [0, 1, 2].map(() => [0, 0, 0]);
    for (let round = 0; round < 3000; round++) {
      for (const [place, row] of roundOrder(random, [1, 1, 1], round).entries()) counts[row]![place]!++;
    }
    for (const count of counts.flat()) expect(Math.abs(count - 1000)).toBeLessThan(120);
  });

  test('rows that sit rounds out meet as often as the slower one is timed, never in the first round', () => {
    const random = groupRandom(1, 'group');
    const rounds = Array.from({ length: 16 }, (_, round) => roundOrder(random, [1, 4, 8], round));
    const roundsOf = (row: number) => [...rounds.keys()].filter((round) => rounds[round]!.includes(row));
    expect(roundsOf(0)).toHaveLength(16);
    expect(roundsOf(1)).toEqual([3, 7, 11, 15]);
    expect(roundsOf(2)).toEqual([7, 15]);
  });
});

describe('planRounds', () => {
  const settings = { sampleNs: 1e6, budgetNs: 100e6, leastRounds: 21, leastSlowRounds: 2, mostRounds: 61 };

  test('as many rounds as fit, within the limits', () => {
    expect(planRounds([1e6, 1e6], settings)).toEqual({ rounds: 50, strides: [1, 1] });
    expect(planRounds([1e5, 1e5], settings)).toEqual({ rounds: 61, strides: [1, 1] });
    expect(planRounds([2.9e6, 2.8e6], settings)).toEqual({ rounds: 21, strides: [1, 1] });
  });

  test('a row that would not fit sits rounds out: as many as fit into half the time, up to nine of 21', () => {
    expect(planRounds([1e6, 6e6], settings)).toEqual({ rounds: 21, strides: [1, 2] });
    expect(planRounds([1e6, 15e6], settings)).toEqual({ rounds: 21, strides: [1, 4] });
    expect(planRounds([1e6, 200e6], settings)).toEqual({ rounds: 21, strides: [1, 8] });
    // Not the control: what is compared with it has as many rounds as both.
    const withControl = { ...settings, always: 2 };
    expect(planRounds([1e6, 15e6, 200e6], withControl)).toEqual({ rounds: 21, strides: [1, 4, 1] });
  });
});

/** A clock that takes exactly as long as it is told, plus a cost per job. */
function exactClock(
  rowNs: readonly number[],
  startNs = 0,
): Clock & { readonly jobs: { row: number; repeats: number }[] } {
  const jobs: { row: number; repeats: number }[] = [];
  return {
    kind: 'gpu',
    jobs,
    async run(list) {
      jobs.push(...list);
      return list.map(({ row, repeats }) => ({ ns: startNs + rowNs[row]! * repeats }));
    },
  };
}

describe('measure', () => {
  const settings = { sampleNs: 1e6, budgetNs: 20e6, leastRounds: 7, leastSlowRounds: 2, mostRounds: 9 };

  test('repeats a fast row until a sample lasts long enough, and a slow one once', async () => {
    const clock = exactClock([1000, 5e6], 30_000);
    const { repeats } = await measure(clock, 2, settings, groupRandom(1, 'g'));
    expect(repeats[0]! * 1000).toBeGreaterThanOrEqual(0.75e6);
    expect(repeats[0]! * 1000).toBeLessThan(1.2e6);
    expect(repeats[1]).toBe(1);
  });

  test('samples are per repetition; null where the clock could not tell', async () => {
    let calls = 0;
    const clock: Clock = {
      kind: 'gpu',
      run: async (list) => list.map(({ repeats }) => ({ ns: ++calls % 10 === 0 ? null : 500_000 * repeats })),
    };
    const { samplesNs } = await measure(clock, 1, settings, groupRandom(1, 'g'));
    expect(samplesNs[0]).toContain(null);
    expect(new Set(samplesNs[0]!.filter((value) => value !== null))).toEqual(new Set([500_000]));
  });

  test('stops when told to and keeps the rounds so far', async () => {
    const { samplesNs } = await measure(
      exactClock([1e6]),
      1,
      settings,
      groupRandom(1, 'g'),
      (done) => done < 3,
    );
    expect(samplesNs[0]).toHaveLength(3);
  });
});

describe('warmupRounds', () => {
  const steady = (n: number) => Array.from({ length: n }, (_, i) => 100 + (i % 3));

  test('slow first rounds are left out, in all rows alike', () => {
    expect(
      warmupRounds([
        [200, 150, ...steady(20)],
        [190, 140, ...steady(20)],
      ]),
    ).toBe(2);
  });

  test('steady from the start: none', () => {
    expect(warmupRounds([steady(20)])).toBe(0);
  });

  test('never more than a third', () => {
    expect(warmupRounds([Array.from({ length: 30 }, (_, i) => 1000 / (i + 1))])).toBe(10);
  });
});
