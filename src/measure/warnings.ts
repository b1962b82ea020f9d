// What makes a group's timings less trustworthy than they look.
import { usable } from './compare.ts';
import { takesPart } from './interleave.ts';
import type { Group, Row } from './schema.ts';
import { median, quantile, sorted } from './statistics.ts';
import { slownessByRound } from './warm-up.ts';

/** From 10 % to 90 %, relative to the median. */
const noisy = 0.25;
/** Change of the whole group between the first and the last third of its rounds. */
const drifting = 0.05;
/** The clock's steps, relative to a sample. */
const coarse = 0.01;
/** A sample shorter than this is mostly the cost of starting a pass. */
const shortNs = 500_000;

/** One sentence each; empty where all is well. */
export function warningsOf(group: Group): string[] {
  const { rows } = group;
  return [
    ...slowWarmup(group),
    ...drift(group),
    ...noise(group),
    ...rows.flatMap((row) => ofRow(group, row)),
  ];
}

/** One line for all rows: a busy machine makes all of them noisy. */
function noise(group: Group): string[] {
  const wide = group.rows.flatMap((row) => {
    const values = sorted(usable(group, row));
    const spread = (quantile(values, 0.9) - quantile(values, 0.1)) / quantile(values, 0.5);
    return spread > noisy ? [`${row.name} ${(100 * spread).toFixed(0)} %`] : [];
  });
  return wide.length === 0
    ? []
    : [`noisy, the middle 80 % of samples span this part of the median: ${wide.join(', ')}`];
}

function slowWarmup({ rows, warmupRounds }: Group): string[] {
  const rounds = Math.max(0, ...rows.map(({ samplesNs }) => samplesNs.length));
  if (rounds < 6 || warmupRounds < Math.floor(rounds / 3)) return [];
  return [`the first ${warmupRounds} of ${rounds} rounds were slower than the rest: it may not be warm yet`];
}

function drift({ rows, warmupRounds }: Group): string[] {
  const slowness = slownessByRound(rows.map(({ samplesNs }) => samplesNs.slice(warmupRounds)));
  const third = Math.floor(slowness.length / 3);
  if (third < 3) return [];
  const change = Math.exp(median(slowness.slice(-third)) - median(slowness.slice(0, third))) - 1;
  if (Math.abs(change) < drifting) return [];
  const [percent, direction] = [Math.abs(100 * change).toFixed(0), change > 0 ? 'slower' : 'faster'];
  return [`the whole group became ${percent} % ${direction} while it was measured (ratios are not affected)`];
}

function ofRow(group: Group, row: Row): string[] {
  const values = sorted(usable(group, row));
  if (values.length === 0) return [];
  const warnings: string[] = [];
  const middle = quantile(values, 0.5);
  const sampleNs = middle * row.repeats;
  const quantum = group.clock === 'gpu' ? stepOf(group, row) : 0;
  if (quantum > coarse * sampleNs) {
    warnings.push(
      `${row.name}: timestamps come in steps of ${(quantum / 1000).toFixed(0)} us, ${((100 * quantum) / sampleNs).toFixed(0)} % of a sample`,
    );
  }
  if (sampleNs < shortNs) {
    warnings.push(`${row.name}: a sample lasts only ${(sampleNs / 1000).toFixed(0)} us`);
  }
  if (row.stride > 1) {
    warnings.push(`${row.name}: so slow that it was timed in every ${ordinal(row.stride)} round only`);
  }
  const took = row.samplesNs.filter((_, round) => takesPart(round, row.stride));
  const missing = took.filter((value) => value === null).length;
  if (missing > 0) warnings.push(`${row.name}: ${missing} samples had no usable timestamps`);
  return warnings;
}

const stepOf = (group: Group, row: Row): number =>
  quantumNs(usable(group, row).map((value) => value * row.repeats));

/** The steps that the timestamps of a group come in, ns: the largest of its rows. 0 where they are too small to tell. */
export const timestampStepNs = (group: Group): number =>
  Math.max(0, ...group.rows.map((row) => stepOf(group, row)));

const ordinal = (n: number): string => ({ 2: 'second', 4: 'fourth', 8: 'eighth' })[n] ?? `${n}th`;

/**
 * The steps that durations come in: their greatest common divisor, where it is at least a microsecond and there are enough
 * different ones to tell; 0 otherwise. Browsers round timestamps to 100 us unless told not to.
 */
export function quantumNs(durations: readonly number[]): number {
  const whole = durations.map(Math.round).filter((ns) => ns > 0);
  const step = whole.reduce((a, b) => greatestCommonDivisor(a, b), 0);
  return step >= 1000 && (new Set(whole).size > 1 || step % 65_536 === 0 || step % 100_000 === 0) ? step : 0;
}

function greatestCommonDivisor(a: number, b: number): number {
  while (b !== 0) [a, b] = [b, a % b];
  return a;
}
