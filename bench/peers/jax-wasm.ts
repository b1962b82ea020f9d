import { jaxPeer } from './jax.ts';
import type { Peer } from './peer.ts';

const hasThreads = () => typeof SharedArrayBuffer !== 'undefined';

/** As it comes: a pool of workers where the page has shared memory (cross-origin isolation), else one thread. */
export const jaxWasm: Peer = jaxPeer({
  name: 'jax-wasm',
  device: 'wasm',
  waiting: 'async',
  refuses: () => (typeof WebAssembly === 'undefined' ? 'this browser has no WebAssembly' : undefined),
  describe: () => `Wasm, jit, ${hasThreads() ? `${navigator.hardwareConcurrency} threads` : 'one thread'}`,
});

/** On the calling thread, which is faster for small kernels on few cores. */
export const jaxWasmSync: Peer = jaxPeer({
  name: 'jax-wasm-sync',
  device: 'wasm',
  waiting: 'sync',
  refuses: () => (hasThreads() ? undefined : 'without shared memory it is the same as jax-wasm'),
  describe: () => 'Wasm, jit, one thread',
});
