/** The `start` suite: whole commands as their users start them, and how long each part of their start takes. */
import { phaseNames } from '../../src/train/phases.ts';
import type { ListedGroup } from '../protocol.ts';

/** Steps of a run that is all start. */
const steps = 20;

/** Time of the process behind the last phase: files are written, the browser is closed. */
export const endRow = 'end';
/** From the command to the first step. */
export const firstStepRow = 'until the first step';
export const wholeRow = 'whole command';

/** Arguments of `npm run train`, by the group's id. */
const commands: Readonly<Record<string, readonly string[]>> = {
  [`base, ${steps} steps`]: ['--steps', `${steps}`, '--no-tune'],
};

/** What is measured of `npm run train -- --no-tune`. */
export const startGroups = (): ListedGroup[] =>
  Object.keys(commands).map((id) => ({
    suite: 'start',
    id,
    title: id,
    rows: [...phaseNames.filter((name) => name !== 'tuning'), endRow, firstStepRow, wholeRow],
    skipped: [],
  }));

export const commandOf = (id: string): readonly string[] => commands[id]!;
