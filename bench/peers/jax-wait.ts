import { blockUntilReady, type numpy as np } from '@jax-js/jax';

/**
 * Computes what arrays still have pending; jax-js is lazy, and waiting for one output of a jitted call submits all of it.
 *
 * - `async`: its usual way. On `wasm`, every kernel is a message to each worker of a pool where the page has shared memory.
 * - `sync`: `dataSync` runs Wasm kernels at once, on the calling thread, with or without shared memory. Dearer kernels gain from
 *   the pool, small ones lose: on two busy cores the 9-layer step was 2 times as fast without it (2026-11).
 *
 * Waiting for each step costs nothing that shows: without it jax-webgpu's step of patch-4-10-50 took 3.77 [3.50, 4.34] times ours, with it
 * 3.80 [3.38, 4.42] (SwiftShader, two runs in turn, 2026-11-27).
 */
export type Waiting = 'async' | 'sync';

export async function computed(arrays: readonly np.Array[], waiting: Waiting): Promise<void> {
  if (waiting === 'sync') for (const array of arrays) array.ref.dataSync();
  else await blockUntilReady([...arrays]);
}
