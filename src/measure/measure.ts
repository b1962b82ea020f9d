/**
 * Times rows side by side: calibrates how often each is repeated inside a sample, then takes one sample of each per round,
 * in a new random order each round. Knows nothing of GPUs, so that tests can give it a simulated clock.
 */
import type { RandomStream } from '../data/random.ts';
import type { Clock } from '../gpu/clock.ts';
import { enoughRepeats, Quantum } from '../gpu/repeats.ts';
import { roundOrder } from './interleave.ts';
import { warmupRounds } from './warm-up.ts';

export interface MeasureSettings {
  /** How long a sample should last: many times the cost of starting a pass. Where the clock's quantum asks for more, it lasts longer. */
  readonly sampleNs: number;
  /** What all rounds should take together. Rounds are added until it is used up, within the limits. */
  readonly budgetNs: number;
  readonly leastRounds: number;
  /** Of a row that is so slow that all rounds would not fit; up to 9 where there is time. */
  readonly leastSlowRounds: number;
  readonly mostRounds: number;
  /** The row that sits out no round, such as a control: however slow one moment made it seem. */
  readonly always?: number;
}

export interface Measured {
  readonly repeats: readonly number[];
  /** Row i took part in every strides[i]-th round (interleave.ts: `takesPart`). */
  readonly strides: readonly number[];
  /** (rows, rounds): ns of one repetition; null where the row sat out. */
  readonly samplesNs: readonly (readonly (number | null)[])[];
  readonly wallNs: readonly (readonly (number | null)[])[] | undefined;
  readonly warmupRounds: number;
}

/** Most repetitions of a sample: command buffers grow with them. */
const mostRepeats = 2000;
/** Tries of which the fastest says how long a sample takes: a stall in one of them must not count. */
const tries = 3;
/** Rounds of a row that is so slow that all rounds would not fit: enough for a 95 % interval behind the warm-up. */
const mostRoundsOfSlowRows = 9;
/** Such a row takes so many times as long as a sample should, and as the fastest row. */
const slowFactor = 3;

/** `onRound` is told the rounds done and planned; it returns false to stop. */
export async function measure(
  clock: Clock,
  rows: number,
  settings: MeasureSettings,
  random: RandomStream,
  onRound: (done: number, planned: number) => boolean = () => true,
): Promise<Measured> {
  const { repeats, sampleNs } = await calibrate(clock, rows, settings);
  const plan = planRounds(sampleNs, settings);
  const samplesNs: (number | null)[][] = repeats.map(() => []);
  const wallNs: (number | null)[][] = repeats.map(() => []);
  for (let round = 0; round < plan.rounds; round++) {
    const order = roundOrder(random, plan.strides, round);
    const timings = await clock.run(order.map((row) => ({ row, repeats: repeats[row]! })));
    for (const [row, count] of repeats.entries()) {
      const timing = timings[order.indexOf(row)];
      const { ns = null, wallNs: wall = null } = timing ?? {};
      samplesNs[row]!.push(ns === null ? null : ns / count);
      wallNs[row]!.push(wall === null ? null : wall / count);
    }
    if (!onRound(round + 1, plan.rounds)) break;
  }
  return {
    repeats,
    strides: plan.strides,
    samplesNs,
    wallNs: wallNs.flat().some((wall) => wall !== null) ? wallNs : undefined,
    warmupRounds: warmupRounds(samplesNs),
  };
}

/** Repetitions that make a sample of each row last `target` ns, and how long that is. Also the first warm-up. */
async function calibrate(clock: Clock, rows: number, { sampleNs: target, budgetNs }: MeasureSettings) {
  const repeats: number[] = [];
  const sampleNs: number[] = [];
  const quantum = new Quantum();
  for (let row = 0; row < rows; row++) {
    const time = async (count: number) => {
      const [timing] = await clock.run([{ row, repeats: count }]);
      return timing?.ns ?? timing?.wallNs ?? null;
    };
    const enough = await enoughRepeats(time, quantum, { leastNs: target, mostRepeats, slowNs: budgetNs / 4 });
    let ns = enough.ns ?? 1;
    const count = enough.repeats;
    for (let i = 1; i < tries && ns > target && ns < budgetNs / 20; i++)
      ns = Math.min(ns, (await time(count)) ?? ns);
    repeats[row] = count;
    sampleNs[row] = ns;
  }
  return { repeats, sampleNs };
}

/** How many rounds fit, and who sits out some: row i takes part in every strides[i]-th, a power of two. */
export function planRounds(
  sampleNs: readonly number[],
  { sampleNs: target, budgetNs, leastRounds, leastSlowRounds, mostRounds, always }: MeasureSettings,
): { readonly rounds: number; readonly strides: readonly number[] } {
  const strides = sampleNs.map(() => 1);
  const slow = slowFactor * Math.max(target, Math.min(...sampleNs));
  const bySlowness = [...sampleNs.keys()].sort((a, b) => sampleNs[b]! - sampleNs[a]!);
  const needed = () => leastRounds * sampleNs.reduce((total, ns, row) => total + ns / strides[row]!, 0);
  for (const row of bySlowness) {
    const ns = sampleNs[row]!;
    if (needed() <= budgetNs || ns < slow) break;
    if (row === always) continue;
    const affordable = Math.floor(budgetNs / 2 / ns);
    const rounds = Math.max(leastSlowRounds, Math.min(mostRoundsOfSlowRows, affordable));
    strides[row] = 2 ** Math.max(0, Math.floor(Math.log2(leastRounds / rounds)));
  }
  if (strides.some((each) => each > 1)) return { rounds: leastRounds, strides };
  const perRound = sampleNs.reduce((total, ns) => total + ns, 0);
  const rounds = Math.floor(budgetNs / perRound);
  return { rounds: Math.max(leastRounds, Math.min(mostRounds, rounds)), strides };
}
