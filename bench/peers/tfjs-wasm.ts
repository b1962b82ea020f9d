import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import type { Peer } from './peer.ts';
import { tfjsPeer } from './tfjs.ts';

// The three binaries (plain, SIMD, SIMD and threads) come from the development server, which serves node_modules.
setWasmPaths('/node_modules/@tensorflow/tfjs-backend-wasm/dist/');

export const tfjsWasm: Peer = tfjsPeer({
  name: 'wasm',
  refuses: () => (typeof WebAssembly === 'undefined' ? 'this browser has no WebAssembly' : undefined),
  describe() {
    const simd = tf.env().getBool('WASM_HAS_SIMD_SUPPORT') ? 'SIMD' : 'no SIMD';
    // Threads need shared memory, so a page with the cross-origin isolation headers.
    const threads = tf.env().getBool('WASM_HAS_MULTITHREAD_SUPPORT')
      ? `${getThreadsCount()} threads`
      : 'no threads';
    return `Wasm, ${simd}, ${threads}`;
  },
});
