import { jaxPeer } from './jax.ts';
import type { Peer } from './peer.ts';

export const jaxWebgpu: Peer = jaxPeer(
  'webgpu',
  () => (navigator.gpu === undefined ? 'this browser has no WebGPU' : undefined),
  () => 'WebGPU, jit',
);
