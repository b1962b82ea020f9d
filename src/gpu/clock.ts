// Clocks for work on the GPU: its own timestamps around passes, or the wall clock around submits.
import type { Gpu } from './device.ts';
import { GpuError } from './errors.ts';
import { StampReader } from './timestamps.ts';

/** Do a row's work `repeats` times. */
export interface Job {
  readonly row: number;
  readonly repeats: number;
}

/** Time of a whole job, ns; `ns` is null where the timestamps cannot be right. */
export interface Timing {
  readonly ns: number | null;
  readonly wallNs?: number;
}

/** Runs jobs one after the other and times each. */
export interface Clock {
  readonly kind: 'gpu' | 'wall';
  run(jobs: readonly Job[]): Promise<readonly Timing[]>;
}

/** Where a work writes its two timestamps. */
export interface Stamps {
  readonly querySet: GPUQuerySet;
  readonly begin: number;
  readonly end: number;
}

/** Work of a row that the GPU is given as commands. */
export interface GpuWork {
  /** Encodes the work `repeats` times, in one pass or several; the first writes `begin`, the last `end`. */
  encode(encoder: GPUCommandEncoder, repeats: number, stamps: Stamps | undefined): void;
}

/** Work of a row that only its own code can start. Resolves when the results are there. */
export interface OwnWork {
  run(repeats: number): Promise<void>;
}

export type Work = GpuWork | OwnWork;

/** The timestamps that a pass writes: those of its place in the work. */
export function stampsOfPass(
  stamps: Stamps | undefined,
  isFirst: boolean,
  isLast: boolean,
): GPUComputePassDescriptor {
  if (stamps === undefined || !(isFirst || isLast)) return {};
  return {
    timestampWrites: {
      querySet: stamps.querySet,
      ...(isFirst && { beginningOfPassWriteIndex: stamps.begin }),
      ...(isLast && { endOfPassWriteIndex: stamps.end }),
    },
  };
}

export interface WorkClock extends Clock {
  destroy(): void;
}

/**
 * GPU timestamps: all jobs of a round in one submit, or, where the wall clock's opinion is wanted too, one submit each.
 */
export function gpuClock(gpu: Gpu, works: readonly GpuWork[], alsoWall: boolean): WorkClock {
  const reader = new StampReader(gpu, 2 * works.length);
  const { device } = gpu;
  const submit = async (jobs: readonly Job[]): Promise<Timing[]> => {
    if (alsoWall) await device.queue.onSubmittedWorkDone();
    const startedAt = performance.now();
    const encoder = device.createCommandEncoder({ label: 'timing' });
    for (const [place, { row, repeats }] of jobs.entries()) {
      works[row]!.encode(encoder, repeats, {
        querySet: reader.querySet,
        begin: 2 * place,
        end: 2 * place + 1,
      });
    }
    reader.encodeResolve(encoder, 2 * jobs.length);
    device.queue.submit([encoder.finish()]);
    if (alsoWall) await device.queue.onSubmittedWorkDone();
    const wallNs = 1e6 * (performance.now() - startedAt);
    const stamps = await reader.read(2 * jobs.length);
    return jobs.map((_, place) => {
      const ns = stamps[2 * place + 1]! - stamps[2 * place]!;
      return { ns: ns > 0 ? ns : null, ...(alsoWall && { wallNs }) };
    });
  };
  return {
    kind: 'gpu',
    async run(jobs) {
      if (!alsoWall) return submit(jobs);
      const timings: Timing[] = [];
      for (const job of jobs) timings.push(...(await submit([job])));
      return timings;
    },
    destroy: () => reader.destroy(),
  };
}

/** The wall clock, from before the submit until all is done: for works that start themselves, and without timestamps. */
export function wallClock(gpu: Gpu, works: readonly Work[]): WorkClock {
  const { device } = gpu;
  return {
    kind: 'wall',
    async run(jobs) {
      const timings: Timing[] = [];
      for (const { row, repeats } of jobs) {
        const work = works[row]!;
        await device.queue.onSubmittedWorkDone();
        const startedAt = performance.now();
        if ('run' in work) {
          await work.run(repeats);
        } else {
          const encoder = device.createCommandEncoder({ label: 'timing' });
          work.encode(encoder, repeats, undefined);
          device.queue.submit([encoder.finish()]);
          await device.queue.onSubmittedWorkDone();
        }
        const ns = 1e6 * (performance.now() - startedAt);
        gpu.check();
        timings.push({ ns: ns > 0 ? ns : null });
      }
      return timings;
    },
    destroy() {},
  };
}

/** `gpu` where every work is commands and the adapter has timestamps; the wall clock otherwise. */
export function clockFor(gpu: Gpu, works: readonly Work[], alsoWall: boolean): WorkClock {
  const isGpuWork = (work: Work): work is GpuWork => 'encode' in work;
  if (works.length === 0) throw new GpuError('nothing to time');
  return gpu.timestamps && works.every(isGpuWork) ? gpuClock(gpu, works, alsoWall) : wallClock(gpu, works);
}
