/** Rounds of the `start` suite: each is a process of its own, and its `summary.json` says when its phases began and ended. */
import type { Phase, PhaseName } from '../src/train/phases.ts';
import { commandResult, commandRounds } from './command-rounds.ts';
import type { MeasureRequest, MeasureResult } from './protocol.ts';
import { commandOf, endRow, firstStepRow, startGroups, wholeRow } from './suites/start-suite.ts';
import { trainCommand } from './train-command.ts';

/** Times commands until the budget is spent or the signal ends it. @throws Error with the last words of a command that fails */
export async function measureStart(
  request: MeasureRequest,
  onRound: (done: number, planned: number) => void,
  stop: AbortSignal,
): Promise<MeasureResult> {
  const { id } = request;
  const group = startGroups().find((candidate) => candidate.id === id)!;
  const samples = new Map(group.rows.map((name) => [name, [] as (number | null)[]]));
  await commandRounds(request, onRound, stop, async () => {
    const done = await trainCommand(commandOf(id), stop);
    if (done === undefined) return false;
    const times = timesOf(done.summary.phases, done.wholeMs);
    for (const [name, list] of samples) {
      const ms = times.get(name);
      list.push(ms === undefined || ms <= 0 ? null : ms * 1e6);
    }
    return true;
  });
  const validation = { ok: true, how: 'the command ended with exit status 0' };
  return commandResult(group, samples, { op: 'start', repeats: 1, validation });
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
