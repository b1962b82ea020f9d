/** Rounds of the `start` suite: each is a process of its own, and its `summary.json` says when its phases began and ended. */
import type { Row } from '../src/measure/schema.ts';
import type { Phase, PhaseName } from '../src/train/phases.ts';
import type { MeasureRequest, MeasureResult } from './protocol.ts';
import { commandOf, endRow, firstStepRow, startGroups, wholeRow } from './suites/start-suite.ts';
import { trainCommand } from './train-command.ts';

/** Rounds that build what later ones find in caches. */
const warmupRounds = 1;

/** Times commands until the budget is spent or the signal ends it. @throws Error with the last words of a command that fails */
export async function measureStart(
  { id, settings }: MeasureRequest,
  onRound: (done: number, planned: number) => void,
  stop: AbortSignal,
): Promise<MeasureResult> {
  const group = startGroups().find((candidate) => candidate.id === id)!;
  const samples = new Map(group.rows.map((name) => [name, [] as (number | null)[]]));
  const { budgetNs, leastRounds, mostRounds } = settings;
  const planned = mostRounds + warmupRounds;
  const startedAt = performance.now();
  for (let round = 0; round < planned && !stop.aborted; round++) {
    const spentNs = (performance.now() - startedAt) * 1e6;
    if (round >= leastRounds + warmupRounds && spentNs > budgetNs) break;
    const done = await trainCommand(commandOf(id), stop);
    if (done === undefined) break;
    const times = timesOf(done.summary.phases, done.wholeMs);
    for (const [name, list] of samples) {
      const ms = times.get(name);
      list.push(ms === undefined || ms <= 0 ? null : ms * 1e6);
    }
    onRound(round + 1, planned);
  }
  const rows = group.rows.map(
    (name): Row => ({
      name,
      isDefault: false,
      validation: { ok: true, how: 'the command ended with exit status 0' },
      work: { flops: 0, bytes: 0 },
      repeats: 1,
      stride: 1,
      samplesNs: samples.get(name)!,
      dispatches: 0,
    }),
  );
  const { title, skipped } = group;
  return {
    group: { suite: 'start', id, op: 'start', title, usedBy: [], clock: 'wall', warmupRounds, rows, skipped },
    profiles: [],
  };
}

/** Milliseconds by row, of phases that are told from the start of the process. */
export function timesOf(phases: readonly Phase[], wholeMs: number): ReadonlyMap<string, number> {
  const endOf = (name: PhaseName) => phases.find(({ phase }) => phase === name)?.toMs ?? Number.NaN;
  return new Map([
    ...phases.map(({ phase, fromMs, toMs }) => [phase, toMs - fromMs] as const),
    [endRow, wholeMs - endOf('evaluation')],
    [firstStepRow, endOf('first step')],
    [wholeRow, wholeMs],
  ]);
}
