// What Dawn's checks of indices cost: products on a device with them and on one without, in turn.
import {
  type Clock,
  clockFor,
  type GpuWork,
  type Job,
  type Timing,
  type WorkClock,
} from '../../src/gpu/clock.ts';
import type { Gpu } from '../../src/gpu/device.ts';
import { Allocator } from '../../src/gpu/tensor.ts';
import { prepare } from '../../src/kernels/call.ts';
import { dispatchWork } from '../../src/kernels/dispatch-work.ts';
import { hopelessness } from '../../src/kernels/kernel.ts';
import { matmulForward } from '../../src/kernels/matmul.ts';
import { forcedChoice } from '../../src/kernels/variant-choice.ts';
import { groupRandom } from '../../src/measure/interleave.ts';
import { type MeasureSettings, measure } from '../../src/measure/measure.ts';
import { type Estimate, medianEstimate, ratios } from '../../src/measure/statistics.ts';
import { product, square } from './product.ts';

/** A variant's time with the checks, and what of it is left without them: medians with their 95 % intervals. */
export interface IndexChecks {
  readonly checkedNs: Estimate;
  /** Time without / time with, round by round. */
  readonly share: Estimate;
  /** Of one product, round by round behind the warm-up. */
  readonly samplesNs: { readonly checked: readonly Sample[]; readonly unchecked: readonly Sample[] };
}

/** null: the clock could not tell. */
type Sample = number | null;

const level = 0.95;

/** No row sits out a round: each is compared with its like in every one. */
const settings: MeasureSettings = {
  sampleNs: 4e6,
  budgetNs: 2e9,
  leastRounds: 15,
  leastSlowRounds: 15,
  mostRounds: 31,
};

/** Products of two squares by each variant in the running, by its name. */
export async function measureIndexChecks(
  checked: Gpu,
  unchecked: Gpu,
  size: number,
): Promise<Readonly<Record<string, IndexChecks>>> {
  const names = matmulForward.variants
    .filter((variant) => hopelessness(variant, square(size), checked.capabilities) === undefined)
    .map(({ name }) => name)
    .filter((name) => name !== 'naive');
  const clocks = [await productClock(checked, names, size), await productClock(unchecked, names, size)];
  try {
    return await timeIndexChecks(inTurn(clocks), names, size);
  } finally {
    for (const clock of clocks) clock.destroy();
  }
}

/** Row i: a product by the variant i. */
async function productClock(gpu: Gpu, names: readonly string[], size: number): Promise<WorkClock> {
  const allocator = new Allocator(gpu);
  const wanted = product(allocator, size);
  const works: GpuWork[] = [];
  for (const name of names) {
    works.push(dispatchWork(await prepare(gpu, forcedChoice({ [matmulForward.op]: name }), wanted)));
  }
  const clock = clockFor(gpu, works, false);
  return {
    ...clock,
    destroy() {
      clock.destroy();
      allocator.destroy();
    },
  };
}

/** Rows 2i and 2i + 1 of the clock are the variant i with and without checks. */
export async function timeIndexChecks(
  clock: Clock,
  names: readonly string[],
  seed: number,
): Promise<Readonly<Record<string, IndexChecks>>> {
  const { samplesNs, warmupRounds } = await measure(
    clock,
    2 * names.length,
    settings,
    groupRandom(seed, 'index checks'),
  );
  const warm = samplesNs.map((samples) => samples.slice(warmupRounds));
  return Object.fromEntries(
    names.map((name, i) => {
      const [checked, unchecked] = [warm[2 * i]!, warm[2 * i + 1]!];
      const known = checked.filter((ns) => ns !== null);
      const share = medianEstimate(ratios(unchecked, checked), level);
      return [
        name,
        { checkedNs: medianEstimate(known, level), share, samplesNs: { checked, unchecked } },
      ] as const;
    }),
  );
}

/** One clock of several, of which row i is a row of clock i mod their number: jobs run one after the other, whosoever they are. */
export function inTurn(clocks: readonly Clock[]): Clock {
  return {
    kind: clocks[0]!.kind,
    async run(jobs: readonly Job[]) {
      const timings: Timing[] = [];
      for (const { row, repeats } of jobs) {
        const clock = clocks[row % clocks.length]!;
        timings.push(...(await clock.run([{ row: Math.floor(row / clocks.length), repeats }])));
      }
      return timings;
    },
  };
}
