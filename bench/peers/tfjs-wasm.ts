import { getThreadsCount, setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import plain from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threadedSimd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import * as tf from '@tensorflow/tfjs-core';
import type { Peer } from './peer.ts';
import { tfjsPeer } from './tfjs.ts';

setWasmPaths({
  'tfjs-backend-wasm.wasm': plain,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threadedSimd,
});

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
