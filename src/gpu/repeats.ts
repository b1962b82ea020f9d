/** A sample must last so many of the clock's quanta: it then errs by at most 3 %, and a median of several by less. */
const leastQuanta = 32;

/**
 * What a clock advances by, judged by the times that it has shown: their greatest common divisor. Chrome rounds GPU timestamps down
 * to multiples of 65,536 ns where no developer flag is set, and the wall clock to 100 µs, or 5 in isolated pages; two times that are
 * not rounded have hardly ever a divisor that matters.
 */
export class Quantum {
  #times = 0;
  #divisor = 0;

  /** Takes note of a time that the clock showed. */
  see(ns: number): void {
    if (ns <= 0) return;
    this.#times++;
    this.#divisor = greatestCommonDivisor(Math.round(ns), this.#divisor);
  }

  /** Undefined where there are fewer than two times to judge by. */
  get ns(): number | undefined {
    return this.#times < 2 ? undefined : this.#divisor;
  }

  /** Whether a time says more than that the clock has advanced. */
  isBelow(ns: number): boolean {
    return ns > (this.ns ?? 0);
  }
}

const greatestCommonDivisor = (a: number, b: number): number =>
  b === 0 ? a : greatestCommonDivisor(b, a % b);

export interface RepeatLimits {
  /** How long a sample should last at least, whatever the clock. */
  readonly leastNs: number;
  /** Command buffers grow with repetitions. */
  readonly mostRepeats: number;
  /** Work that takes longer is not tried twice to see how long it takes. */
  readonly slowNs: number;
}

/**
 * How often to repeat some work so that a sample lasts long enough for the limits and for the clock, and how long that sample lasted: null
 * where it is not above the clock's quantum even with the most repetitions. `time` returns ns, null where the clock cannot tell.
 */
export async function enoughRepeats(
  time: (repeats: number) => Promise<number | null>,
  quantum: Quantum,
  { leastNs, mostRepeats, slowNs }: RepeatLimits,
): Promise<{ readonly repeats: number; readonly ns: number | null }> {
  const timed = async (count: number) => {
    const ns = (await time(count)) ?? 0;
    quantum.see(ns);
    return ns;
  };
  // The first try compiles whatever is compiled at first use.
  let ns = await timed(1);
  if (ns < slowNs) ns = await timed(1);
  let repeats = 1;
  while (repeats < mostRepeats) {
    const enough = quantum.ns === undefined ? slowNs : Math.max(leastNs, leastQuanta * quantum.ns);
    if (ns > 0 && ns >= 0.8 * enough) break;
    // The first tries are all overhead: grow in steps, since a repetition may cost less than it seems, never more.
    const wanted = ns > 0 ? Math.ceil((repeats * enough) / ns) : Number.POSITIVE_INFINITY;
    repeats = Math.min(mostRepeats, Math.max(repeats + 1, Math.min(repeats * 16, wanted)));
    ns = await timed(repeats);
  }
  return { repeats, ns: quantum.isBelow(ns) ? ns : null };
}
