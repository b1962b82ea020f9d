import { RandomStream } from '../../../src/data/random.ts';
import type { Clock } from '../../../src/gpu/clock.ts';

/** What disturbs timings on a shared machine. */
export interface Noise {
  /** Standard deviation of the logarithm of a sample. */
  readonly sigma: number;
  /** The machine becomes slower by this part over `driftJobs` jobs, and faster again. */
  readonly drift: number;
  readonly driftJobs: number;
  /** Probability and size of a stall: another process takes the core. */
  readonly outliers: number;
  readonly outlierFactor: number;
}

export const realisticNoise: Noise = {
  sigma: 0.03,
  drift: 0.15,
  driftJobs: 37,
  outliers: 0.04,
  outlierFactor: 2.5,
};

export const stream = (seed: number): RandomStream => new RandomStream([seed + 1, 77, 5, 9]);

/** Rows that truly take `rowNs` per repetition, timed on a machine with that noise; the first jobs are slow (cold). */
export function simulatedClock(rowNs: readonly number[], noise: Noise, seed: number): Clock {
  const random = stream(seed);
  let jobs = 0;
  return {
    kind: 'gpu',
    async run(list) {
      return list.map(({ row, repeats }) => {
        jobs++;
        const drift = 1 + (noise.drift / 2) * (1 + Math.sin((2 * Math.PI * jobs) / noise.driftJobs));
        const cold = 1 + 0.5 * Math.exp(-jobs / 10);
        const stall = random.float() < noise.outliers ? noise.outlierFactor : 1;
        const jitter = Math.exp(noise.sigma * random.normal());
        return { ns: rowNs[row]! * repeats * drift * cold * stall * jitter };
      });
    },
  };
}
