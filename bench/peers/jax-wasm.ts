import { jaxPeer } from './jax.ts';
import type { Peer } from './peer.ts';

export const jaxWasm: Peer = jaxPeer(
  'wasm',
  () => (typeof WebAssembly === 'undefined' ? 'this browser has no WebAssembly' : undefined),
  // Its worker pool needs shared memory, so a page with the cross-origin isolation headers.
  () =>
    `Wasm, jit, ${typeof SharedArrayBuffer === 'undefined' ? 'no threads' : `${navigator.hardwareConcurrency} threads`}`,
);
