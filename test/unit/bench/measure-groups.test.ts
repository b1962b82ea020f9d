import { expect, test, vi } from 'vitest';
import { measureAll } from '../../../bench/measure-groups.ts';
import type { ListedGroup } from '../../../bench/protocol.ts';
import type { Session } from '../../../bench/session.ts';
import { signals } from '../../../src/cli/process/signals.ts';
import type { Progress } from '../../../src/cli/progress.ts';
import type { SuiteName } from '../../../src/measure/schema.ts';

/** Measures two groups of a suite, each of which fails of the same. */
function measure(suite: SuiteName, reason: string) {
  const groups = ['first', 'second'].map(
    (id): ListedGroup => ({ suite, id, title: id, rows: ['row'], skipped: [] }),
  );
  const session = { measure: () => Promise.reject(new Error(reason)) } as unknown as Session;
  const progress = { update() {}, log() {}, stop() {} } as unknown as Progress;
  return measureAll(session, groups, { quick: true, rounds: 1, seed: 1 }, progress, new Date());
}

test.each(['the browser ended', 'the page crashed (out of memory?)', 'the GPU device was lost: hung'])(
  'where what measures is gone (%s), the run ends with what it has',
  async (reason) => {
    expect(await measure('kernels', reason)).toMatchObject({ groups: [], stopped: true, failure: reason });
  },
);

test.each(['start', 'page'] as const)(
  'suite %s: what ends in a process or a browser of its own ends its group alone',
  async (suite) => {
    const { groups, stopped } = await measure(suite, 'the browser ended');
    expect(stopped).toBe(false);
    expect(groups.map(({ rows }) => rows[0]!.validation.ok)).toEqual([false, false]);
  },
);

test('what was being prepared when a signal came is not wrong', async () => {
  vi.spyOn(signals, 'asked', 'get').mockReturnValueOnce(false).mockReturnValue(true);
  expect(await measure('page', 'Protocol error: Target closed')).toEqual({
    groups: [],
    profiles: [],
    stopped: true,
  });
  vi.restoreAllMocks();
});
