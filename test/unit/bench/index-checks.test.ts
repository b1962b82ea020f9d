import { expect, test } from 'vitest';
import { inTurn, timeIndexChecks } from '../../../bench/kit/index-checks.ts';
import type { Clock } from '../../../src/gpu/clock.ts';
import { realisticNoise, simulatedClock } from '../measure/simulated-clock.ts';

const names = ['block', 'register'];

test('a cost is found, and none where there is none, while the machine changes its speed', async () => {
  // With checks and without, of one variant after the other.
  const clock = simulatedClock([1e6, 1e6, 3e6, 2.4e6], { ...realisticNoise, drift: 1 }, 1);
  const { block, register } = await timeIndexChecks(clock, names, 512);
  expect(block!.share.low).toBeLessThan(1);
  expect(block!.share.high).toBeGreaterThan(1);
  expect(register!.share.low).toBeGreaterThan(0.7);
  expect(register!.share.high).toBeLessThan(0.9);
});

test('each round has both devices, in one order and in the other', async () => {
  const asked: string[] = [];
  const device = (of: string): Clock => ({
    kind: 'gpu',
    async run(jobs) {
      asked.push(...jobs.map(({ row }) => `${names[row]} ${of}`));
      return jobs.map(({ repeats }) => ({ ns: 1e6 * repeats }));
    },
  });
  const { block } = await timeIndexChecks(inTurn([device('with'), device('without')]), names, 512);
  const rounds = block!.samplesNs.checked.length;
  expect(rounds).toBeGreaterThanOrEqual(10);
  const orders = Array.from({ length: rounds }, (_, i) => asked.slice(-4 * (i + 1)).slice(0, 4));
  for (const order of orders) {
    expect([...order].sort()).toEqual(['block with', 'block without', 'register with', 'register without']);
  }
  expect(new Set(orders.map((order) => order[0])).size).toBeGreaterThan(1);
});
