import { afterEach, expect, test, vi } from 'vitest';
import type { RunRecord } from '../../../src/page/model/run-record.ts';
import { inOrder, startText } from '../../../src/page/views/runs/run-order.ts';
import { compareRuns } from '../../../src/page/views/runs/run-statistics.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a run has started when this device’s clock said so', () => {
  vi.stubEnv('TZ', 'Asia/Kathmandu');
  expect(startText({ startedAt: '2026-11-27T20:30:59.000Z' })).toBe('2026-11-28 02:15');
});

test('the best come first by the mean of their seeds, those without a score last, pinned ones before all', () => {
  const run = (id: string, tests: readonly (number | null)[], pinned = false) => {
    const perSeed = tests.map((testAccuracy) => ({
      testAccuracy,
      validationAccuracy: null,
      divergedAtStep: null,
    }));
    return { id, pinned, perSeed } as unknown as RunRecord;
  };
  const runs = [run('new', []), run('two', [0.4, 0.6]), run('one', [0.55]), run('old', [null], true)];
  const ids = (order: 'started' | 'test' | 'validation') => inOrder(runs, order).map(({ id }) => id);
  expect(ids('started')).toEqual(['old', 'new', 'two', 'one']);
  expect(ids('test')).toEqual(['old', 'one', 'two', 'new']);
  expect(ids('validation')).toEqual(['old', 'new', 'two', 'one']);
});

test('seeds that diverged count neither in the order nor in a difference', () => {
  const run = (id: string, tests: readonly number[], diverged: readonly number[] = []) => {
    const perSeed = tests.map((accuracy, i) => ({
      seed: i + 1,
      testAccuracy: accuracy,
      validationAccuracy: accuracy,
      divergedAtStep: diverged.includes(i + 1) ? 7 : null,
    }));
    return { id, pinned: false, perSeed } as unknown as RunRecord;
  };
  const runs = [run('sound', [0.4, 0.4, 0.4]), run('diverged', [0.5, 0.1, 0.5], [2])];
  for (const order of ['test', 'validation'] as const) {
    expect(inOrder(runs, order).map(({ id }) => id)).toEqual(['diverged', 'sound']);
  }
  expect(compareRuns(runs, runs[0]).get('diverged')!.mean).toBeCloseTo(0.1, 12);
});
