/** All of them, ours first. Importing this loads TensorFlow.js and jax-js: a page does it only when it needs them. */
import { jaxWasm, jaxWasmSync } from './jax-wasm.ts';
import { jaxWebgpu } from './jax-webgpu.ts';
import type { Peer } from './peer.ts';
import { tfjsWasm } from './tfjs-wasm.ts';
import { tfjsWebgpu } from './tfjs-webgpu.ts';
import { wgradPeer } from './wgrad.ts';

export const peers: readonly Peer[] = [
  wgradPeer(),
  wgradPeer('bytes'),
  jaxWebgpu,
  jaxWasm,
  jaxWasmSync,
  tfjsWebgpu,
  tfjsWasm,
];
