import { join } from 'node:path';
import type { InlineConfig } from 'vite';
import { projectRoot } from '../../src/hosts/project-root.ts';

/**
 * What a Vite server must have, beyond the project's usual options, for pages that load the peers.
 *
 * - TensorFlow.js is bundled once by Vite: its sources are 1,500 modules and import CommonJS packages (long, seedrandom),
 *   which a browser cannot load as they are. jax-js is one ES module and is bundled with it, for one cache.
 * - A cache directory of its own, so that the other servers of this project do not throw the bundle away.
 * - Cross-origin isolation: without shared memory the peers' Wasm backends have no threads, and timers are coarser.
 */
export const peerServerOptions = {
  cacheDir: join(projectRoot, 'node_modules', '.vite-bench'),
  optimizeDeps: {
    noDiscovery: true,
    include: [
      '@tensorflow/tfjs-core',
      '@tensorflow/tfjs-core/dist/register_all_gradients',
      '@tensorflow/tfjs-backend-webgpu',
      '@tensorflow/tfjs-backend-wasm',
      '@jax-js/jax',
    ],
  },
  isolationHeaders: {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  },
} satisfies Pick<InlineConfig, 'cacheDir' | 'optimizeDeps'> & { isolationHeaders: Record<string, string> };
