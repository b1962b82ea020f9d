import { quantile, sorted } from './statistics.ts';

/** At most this part of the rounds may count as warm-up; what is slow for longer is drift, and warned of. */
const mostWarmup = 1 / 3;

/** Rounds of so many that may count as warm-up. */
export const mostWarmupRounds = (rounds: number): number => Math.floor(rounds * mostWarmup);

/**
 * Rounds at the start that are slower than nearly every later one: caches fill, clocks rise, compilers work in the
 * background. A round's slowness is the mean, over its rows, of log(time / the row's median in the second half); warm-up ends
 * with the first round that is not above the 90 % quantile of the second half. All rows lose the same rounds.
 */
export function warmupRounds(samples: readonly (readonly (number | null)[])[]): number {
  const slowness = slownessByRound(samples);
  const rounds = slowness.length;
  const usual = quantile(sorted(slowness.slice(Math.floor(rounds / 2))), 0.9);
  let warm = 0;
  while (warm < mostWarmupRounds(rounds) && slowness[warm]! > usual) warm++;
  return warm;
}

/** Mean of log(time / usual time) of the rows that took part in each round. */
export function slownessByRound(samples: readonly (readonly (number | null)[])[]): number[] {
  const rounds = samples[0]?.length ?? 0;
  const every = samples.filter((row) => row.filter((value) => value !== null).length > rounds / 2);
  const usual = every.map((row) =>
    quantile(sorted(row.slice(Math.floor(rounds / 2)).filter((value) => value !== null)), 0.5),
  );
  return Array.from({ length: rounds }, (_, round) => {
    const logs = every.flatMap((row, index) => {
      const value = row[round];
      return typeof value === 'number' && usual[index]! > 0 ? [Math.log(value / usual[index]!)] : [];
    });
    return logs.reduce((total, log) => total + log, 0) / Math.max(logs.length, 1);
  });
}
