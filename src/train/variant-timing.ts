// Which variant of an op is the fastest: the arithmetic, given a clock. Knows nothing of GPUs, so that tests can give it another one.
import type { Clock } from '../gpu/clock.ts';
import { enoughRepeats, type Quantum } from '../gpu/repeats.ts';

/** What was measured for one op and shape. */
export interface TunedOp {
  /** The fastest variant. */
  readonly variant: string;
  /** Median time of a dispatch, microseconds, by variant. Those that were far slower were measured once. */
  readonly us: Readonly<Record<string, number>>;
}

/** A variant must be this much faster than the default to replace it: noise must not change bits. */
const leastGain = 0.03;
/** A variant that takes this many times the fastest so far is not measured again. */
const hopeless = 1.5;
/** The clock of a GPU that rests is slower by less than this factor (an H200: 345 of 1980 MHz). */
const coldClock = 8;
/** Measurements of a variant that is in the running. */
const rounds = 11;
/** So many decide where the time is over. */
const leastRounds = 3;
const mostRepeats = 2000;
/** Work that takes longer is not timed twice before the rounds, ns. */
const slowNs = 1e9;

export interface VariantTiming {
  readonly clock: Clock;
  /** What is known of the clock: the same for all ops. */
  readonly quantum: Quantum;
  /** The clock's rows in their order; the default comes first: it says what is hopeless. */
  readonly variants: readonly string[];
  /** How long a sample lasts at least, ns. A dispatch is repeated to fill it, and as often as the clock's quantum asks for. */
  readonly sampleNs: number;
  /** Asked before each measurement: where the time is over, what is not measured stays open. A first one compiles on some drivers: it takes seconds. */
  readonly isOver?: () => boolean;
}

/**
 * Times variants in turn and picks the fastest, or the default where none is clearly faster. What the clock cannot time is left out;
 * undefined where that is the default, and where the time is over before every variant has had its turn.
 */
export async function timeVariants({
  clock,
  quantum,
  variants,
  sampleNs,
  isOver = () => false,
}: VariantTiming): Promise<TunedOp | undefined> {
  const time = async (row: number, repeats: number) => (await clock.run([{ row, repeats }]))[0]?.ns ?? null;
  const limits = { leastNs: sampleNs, mostRepeats, slowNs };
  const measured: { variant: string; row: number; repeats: number; firstNs: number; samples: number[] }[] =
    [];
  for (const [row, variant] of variants.entries()) {
    if (isOver()) return undefined;
    const { repeats, ns } = await enoughRepeats((count) => time(row, count), quantum, limits);
    if (ns !== null) measured.push({ variant, row, repeats, firstNs: ns / repeats, samples: [] });
  }
  // A GPU that rested ran the first of them at a part of its clock: whoever seems out of the running, and the default, gets a second try.
  const seeming = Math.min(...measured.map(({ firstNs }) => firstNs));
  for (const one of measured) {
    const { row, repeats, firstNs } = one;
    const isDoubtful = row === 0 || (firstNs > hopeless * seeming && firstNs < coldClock * seeming);
    if (!isDoubtful || firstNs * repeats > slowNs || isOver()) continue;
    const ns = await time(row, repeats);
    if (ns !== null && quantum.isBelow(ns)) one.firstNs = Math.min(firstNs, ns / repeats);
  }
  const best = Math.min(...measured.map(({ firstNs }) => firstNs));
  for (let round = 0; round < rounds; round++) {
    if (round >= leastRounds && isOver()) break;
    for (const { row, repeats, firstNs, samples } of measured) {
      if (firstNs > hopeless * best) continue;
      const ns = await time(row, repeats);
      if (ns !== null && quantum.isBelow(ns)) samples.push(ns / repeats);
    }
  }
  const medians = measured.map(({ variant, firstNs, samples }) => ({
    variant,
    ns: samples.length === 0 ? firstNs : median(samples),
  }));
  const usual = medians.find(({ variant }) => variant === variants[0]);
  if (usual === undefined) return undefined;
  const fastest = medians.reduce((a, b) => (b.ns < a.ns ? b : a));
  return {
    variant: fastest.ns < (1 - leastGain) * usual.ns ? fastest.variant : usual.variant,
    us: Object.fromEntries(medians.map(({ variant, ns }) => [variant, Math.round(ns / 10) / 100])),
  };
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
};
