/**
 * Lookahead (Zhang et al. 2019, https://arxiv.org/abs/1907.08610): every few steps the parameters become a moving average of themselves, from
 * which training goes on; running statistics of batch norm likewise. The average grows longer over the run, as in K. Jordan's airbench.
 */
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import type { KernelCall } from '../kernels/call.ts';
import { call } from '../kernels/call.ts';
import { lookahead } from '../kernels/lookahead.ts';

/** What the average keeps of itself at the end of a run, per step. */
const keptPerStep = 0.95;

/**
 * What the average keeps of itself in the steps of a run that does it every `every` steps; -1 where nothing happens. After the last step the
 * parameters are the average: not in a run of fewer steps, which has none.
 */
export function lookaheadKeeps(every: number, steps: number): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: Math.max(steps, 1) }, (_, t) => {
    const done = t + 1;
    if (done % every === 0) return keptPerStep ** every * (done / steps) ** 3;
    return done === steps && steps >= every ? 1 : -1;
  });
}

/** The averages of some arenas, and the tables and calls that keep them. */
export interface Averaging {
  /** By the name of the arena, (R, count) each: state that a checkpoint must keep. */
  readonly slow: Readonly<Record<string, Tensor>>;
  /** (steps): `lookaheadKeeps`. */
  readonly keeps: Tensor;
  readonly calls: readonly KernelCall[];
}

/** Allocates averages and describes their update, which stands behind the optimizer's. */
export function makeAveraging(
  allocator: Allocator,
  arenas: Readonly<Record<string, Tensor>>,
  { counters, steps }: { readonly counters: Tensor; readonly steps: number },
): Averaging {
  const keeps = allocator.tensor('lookahead', Math.max(steps, 1));
  const slow = Object.fromEntries(
    Object.entries(arenas).map(([name, { size, replicas }]) => [
      name,
      allocator.tensor(`average of ${name}`, size, replicas),
    ]),
  );
  const calls = Object.entries(arenas).map(([name, fast]) => {
    const shape = { COUNT: 4 * Math.ceil(fast.size / 4) };
    return call(`lookahead ${name}`, lookahead, shape, { keeps, counters, slow: slow[name]!, fast });
  });
  return { slow, keeps, calls };
}
