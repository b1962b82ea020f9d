// The groups of a run, one after the other, until all are done, time is up or the user stops it.
import { signals } from '../src/cli/process/signals.ts';
import type { Progress } from '../src/cli/progress.ts';
import type { Group, Row, StepProfile, SuiteName } from '../src/measure/schema.ts';
import { expectedSeconds, limitSeconds, profileEffort, settingsFor } from './budget.ts';
import { type BenchOptions, commandSuites } from './options.ts';
import type { ListedGroup } from './protocol.ts';
import { messageOf, type Session } from './session.ts';

export interface MeasuredGroups {
  readonly groups: readonly Group[];
  readonly profiles: readonly StepProfile[];
  /** Before all groups were measured. */
  readonly stopped: boolean;
  /** Why, where it was not the user. */
  readonly failure?: string;
}

/** Measures groups one after the other; what fails, or is not reached in the time of a run, becomes a group that says so. */
export async function measureAll(
  session: Session,
  listed: readonly ListedGroup[],
  { quick, rounds, seed }: Pick<BenchOptions, 'quick' | 'rounds' | 'seed'>,
  progress: Progress,
  runStartedAt: Date,
): Promise<MeasuredGroups> {
  const groups: Group[] = [];
  const profiles: StepProfile[] = [];
  const weights = listed.map(({ suite }) => expectedSeconds(suite, quick));
  const total = Math.ceil(weights.reduce((sum, seconds) => sum + seconds, 0));
  const startedAt = Date.now();
  let spent = 0;
  let done = 0;
  for (const [index, { suite, id, title, rows, skipped }] of listed.entries()) {
    if (signals.asked) break;
    const update = (part: number) =>
      progress.update(Math.floor(done + part * weights[index]!), total, `${suite} ${title}`);
    update(0);
    // How much slower than expected this machine is, from the groups so far.
    const elapsed = (Date.now() - startedAt) / 1000;
    const pace = spent === 0 ? 1 : Math.max(1, elapsed / spent);
    const soFar = (Date.now() - runStartedAt.getTime()) / 1000;
    if (soFar + pace * weights[index]! > limitSeconds(quick) && rounds === undefined) {
      const limit = `no time left in ${limitSeconds(quick)} s: choose it with --suite or --filter`;
      groups.push(
        emptyGroup(suite, id, title, [...skipped, ...rows.map((name) => ({ name, reason: limit }))]),
      );
      done += weights[index]!;
      continue;
    }
    try {
      const result = await session.measure(
        {
          suite,
          id,
          seed,
          quick,
          settings: settingsFor({ suite, id }, rows.length, quick, rounds),
          profile: profileEffort(quick),
        },
        (round, planned) => update(round / planned),
      );
      groups.push({ ...result.group, elapsedMs: Date.now() - startedAt - 1000 * elapsed });
      profiles.push(...result.profiles);
    } catch (error) {
      // What was being prepared when the signal came is not measured, and not wrong.
      if (signals.asked) break;
      const reason = messageOf(error);
      // Suites of commands have processes and browsers of their own: with one of those the session does not end.
      if (!commandSuites.has(suite) && /the browser ended|the page crashed|was lost/.test(reason)) {
        progress.log(`${suite} ${title}: ${reason}`);
        return { groups, profiles, stopped: true, failure: reason };
      }
      progress.log(`${suite} ${id}: ${reason.split('\n')[0]}`);
      const failed = rows.map((name) => failedRow(name, reason));
      groups.push({ ...emptyGroup(suite, id, title, skipped), rows: failed });
    }
    done += weights[index]!;
    spent += weights[index]!;
  }
  return { groups, profiles, stopped: signals.asked };
}

/** A group without rows. */
const emptyGroup = (suite: SuiteName, id: string, title: string, skipped: Group['skipped']): Group => ({
  suite,
  id,
  op: id.split(' ')[0] ?? id,
  title,
  usedBy: [],
  clock: 'gpu',
  warmupRounds: 0,
  rows: [],
  skipped,
});

/** A row that could not be measured: its group failed. */
const failedRow = (name: string, reason: string): Row => ({
  name,
  isDefault: false,
  validation: { ok: false, how: reason },
  work: { flops: 0, bytes: 0 },
  repeats: 0,
  stride: 1,
  samplesNs: [],
  dispatches: 0,
});
