import type { numpy as np } from '@jax-js/jax';
import { computed, type Waiting } from './jax-wait.ts';
import type { PeerKernel } from './peer.ts';

/** Results in flight before they are waited for: enough to keep a GPU busy, few enough to fit its memory. */
const resultsInFlight = 8;

export interface JaxKernelOptions<Operands extends readonly np.Array[]> {
  /** Takes one reference to each operand. */
  readonly compute: ((...operands: Operands) => np.Array) & { dispose(): void };
  readonly operands: Operands;
  readonly waiting: Waiting;
  /** In the order in which the operands were given. */
  inOrder(result: Float32Array): Float32Array;
}

/** A jitted function of arrays that stay. */
export function jaxKernel<Operands extends readonly np.Array[]>({
  compute,
  operands,
  waiting,
  inOrder,
}: JaxKernelOptions<Operands>): PeerKernel {
  let results: np.Array[] = [];
  const next = () => compute(...(operands.map((operand) => operand.ref) as unknown as Operands));
  return {
    async run(times) {
      for (let done = 0; done < times; ) {
        for (const result of results) result.dispose();
        const count = Math.min(resultsInFlight, times - done);
        results = Array.from({ length: count }, next);
        await computed(results, waiting);
        done += count;
      }
    },
    async result() {
      return inOrder(Float32Array.from((await results.at(-1)!.ref.data()) as Float32Array));
    },
    async dispose() {
      for (const array of [...results, ...operands]) array.dispose();
      compute.dispose();
    },
  };
}
