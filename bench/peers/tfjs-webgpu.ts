import '@tensorflow/tfjs-backend-webgpu';
import type { Peer } from './peer.ts';
import { tfjsPeer } from './tfjs.ts';

export const tfjsWebgpu: Peer = tfjsPeer({
  name: 'webgpu',
  refuses: () => (navigator.gpu === undefined ? 'this browser has no WebGPU' : undefined),
  describe: () => 'WebGPU',
});
