import { jaxPeer } from './jax.ts';
import type { Peer } from './peer.ts';

export const jaxWebgpu: Peer = jaxPeer({
  name: 'jax-webgpu',
  device: 'webgpu',
  waiting: 'async',
  refuses: () => (navigator.gpu === undefined ? 'this browser has no WebGPU' : undefined),
  describe: () => 'WebGPU, jit',
});
