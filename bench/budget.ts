/** How much time each group gets, so that a quick run takes under 3 minutes and a full one under 15 on two CPU cores. */
import type { MeasureSettings } from '../src/measure/measure.ts';
import type { SuiteName } from '../src/measure/schema.ts';
import type { MeasureRequest } from './protocol.ts';

const ms = 1e6;

interface Effort {
  readonly sampleMs: number;
  readonly budgetMs: number;
  readonly leastRounds: number;
  readonly mostRounds: number;
}

// 21 rounds are the fewest that a claim can come from where a run makes more than a thousand comparisons.
const efforts: Readonly<Record<'quick' | 'full', Readonly<Record<SuiteName, Effort>>>> = {
  quick: {
    peaks: { sampleMs: 8, budgetMs: 1200, leastRounds: 21, mostRounds: 41 },
    kernels: { sampleMs: 2, budgetMs: 600, leastRounds: 21, mostRounds: 41 },
    train: { sampleMs: 30, budgetMs: 7000, leastRounds: 21, mostRounds: 41 },
    peers: { sampleMs: 40, budgetMs: 6000, leastRounds: 21, mostRounds: 31 },
    start: { sampleMs: 0, budgetMs: 40_000, leastRounds: 3, mostRounds: 5 },
    page: { sampleMs: 0, budgetMs: 60_000, leastRounds: 2, mostRounds: 3 },
  },
  full: {
    peaks: { sampleMs: 15, budgetMs: 4000, leastRounds: 31, mostRounds: 61 },
    kernels: { sampleMs: 4, budgetMs: 2000, leastRounds: 29, mostRounds: 61 },
    train: { sampleMs: 60, budgetMs: 8000, leastRounds: 25, mostRounds: 61 },
    peers: { sampleMs: 80, budgetMs: 10_000, leastRounds: 25, mostRounds: 61 },
    start: { sampleMs: 0, budgetMs: 100_000, leastRounds: 7, mostRounds: 11 },
    page: { sampleMs: 0, budgetMs: 300_000, leastRounds: 5, mostRounds: 15 },
  },
};

/** Rounds of a row that has nobody to be compared with. */
const leastRoundsAlone = 9;

/** Is the group about whole steps of training? Others are about single ops. */
export const isStep = (id: string): boolean => id.startsWith('step ');

/** Settings of a group with so many rows; `rounds` is what the user asked for. */
export function settingsFor(
  { suite, id }: { readonly suite: SuiteName; readonly id: string },
  rows: number,
  quick: boolean,
  rounds: number | undefined,
): MeasureSettings {
  const { sampleMs, budgetMs, leastRounds, mostRounds } = efforts[quick ? 'quick' : 'full'][suite];
  const least = rows === 1 ? leastRoundsAlone : leastRounds;
  return {
    sampleNs: sampleMs * ms,
    budgetNs: rounds === undefined ? budgetMs * ms : Number.POSITIVE_INFINITY,
    leastRounds: rounds ?? least,
    // Goals are about steps: those want intervals.
    leastSlowRounds: isStep(id) ? 9 : 2,
    mostRounds: rounds ?? mostRounds,
  };
}

export const profileEffort = (quick: boolean): MeasureRequest['profile'] =>
  quick ? { steps: 11, budgetMs: 1000 } : { steps: 31, budgetMs: 4000 };

/** What a run may take. */
export const limitSeconds = (quick: boolean): number => (quick ? 170 : 880);

/** Compiling, making data, the float64 reference: seconds of a group on an idle machine with two cores. */
const preparingSeconds: Readonly<Record<SuiteName, number>> = {
  peaks: 0.5,
  kernels: 1.5,
  train: 5,
  peers: 8,
  start: 10,
  page: 30,
};

/** Expected seconds of a group on an idle machine. */
export function expectedSeconds(suite: SuiteName, quick: boolean): number {
  const { budgetMs } = efforts[quick ? 'quick' : 'full'][suite];
  return preparingSeconds[suite] + (1.2 * budgetMs) / 1000;
}
