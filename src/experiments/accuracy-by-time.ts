// How well a net does after so much training time on this adapter: what decides between a small net with many steps and a large one with few.
import { alignedTable, type Column } from './aligned-table.ts';
import type { Curves } from './curves.ts';
import type { ExperimentResult, Results } from './results.ts';

/** The times that a table may have, seconds. */
const times = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 18_000, 36_000];

/** An experiment's validation accuracy, mean over its seeds, after each of the table's times. */
export interface TimedRow {
  readonly name: string;
  /** At the last validation before that time; null before the first. One that has ended keeps its last. */
  readonly accuracies: readonly (number | null)[];
}

export interface AccuracyByTime {
  /** Seconds of training, without start and evaluations, of all seeds together. */
  readonly times: readonly number[];
  readonly rows: readonly TimedRow[];
}

/** Seconds of an epoch; undefined where the last session had no step to time. */
const epochSeconds = ({ msPerStep, stepsPerEpoch }: ExperimentResult): number | undefined =>
  msPerStep === null ? undefined : (msPerStep * stepsPerEpoch) / 1000;

/** Curves by `trainedAs`; the last of the times is one at which all have ended. Undefined where there are no validations, or none that were timed. */
export function accuracyByTime(
  results: Results,
  curves: Readonly<Record<string, Pick<Curves, 'validationAccuracy'>>>,
): AccuracyByTime | undefined {
  const timed = results
    .filter(({ name, trainedAs }) => name === trainedAs)
    .flatMap((result) => {
      const seconds = epochSeconds(result);
      const points = curves[result.trainedAs]!.validationAccuracy;
      if (seconds === undefined || points.length === 0) return [];
      return [{ name: result.name, points: points.map(({ x, mean }) => ({ at: x * seconds, mean })) }];
    });
  const all = timed.flatMap(({ points }) => points.map(({ at }) => at));
  const end = times.find((time) => time >= Math.max(...all)) ?? Number.POSITIVE_INFINITY;
  const shown = times.filter((time) => time >= Math.min(...all) && time <= end);
  if (shown.length === 0) return undefined;
  const rows = timed.map(({ name, points }) => ({
    name,
    accuracies: shown.map((time) => points.findLast(({ at }) => at <= time)?.mean ?? null),
  }));
  return { times: shown, rows };
}

/** `30 s`, `5 min`, `2 h`. */
const timeText = (seconds: number): string =>
  seconds < 60 ? `${seconds} s` : seconds < 3600 ? `${seconds / 60} min` : `${seconds / 3600} h`;

export const timeColumns = ({ times: shown }: AccuracyByTime): readonly Column<TimedRow>[] => [
  { title: 'validation accuracy after', cell: ({ name }) => name, isNumber: false },
  ...shown.map((time, i) => ({
    title: timeText(time),
    cell: ({ accuracies }: TimedRow) => accuracies[i]?.toFixed(4) ?? '',
    isNumber: true,
  })),
];

export function timeNotes(results: Results): readonly string[] {
  const seeds = results[0]!.perSeed.length;
  const adapters = [...new Set(results.map(({ adapter }) => adapter.name))].join('; ');
  return [
    `Time of training${seeds === 1 ? '' : ` of all ${seeds} seeds together`}, without start and evaluations, on ${adapters}. An experiment that has ended keeps its last accuracy.`,
  ];
}

export const timeTable = (table: AccuracyByTime, results: Results): string =>
  alignedTable(timeColumns(table), table.rows, timeNotes(results));
