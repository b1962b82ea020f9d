// Runs the kernels' checks in Node on Mesa's lavapipe: Dawn again, but another driver, another compiler (LLVM), subgroups of 8.
import { openDawn } from '../src/hosts/node/dawn.ts';

// One device for all files, as in the browser: this file runs before each of them.
if (globalThis.navigator?.gpu === undefined) {
  const gpu = await openDawn({ enable: ['disable_workgroup_init'] });
  if (globalThis.navigator === undefined) Object.defineProperty(globalThis, 'navigator', { value: {} });
  Object.defineProperty(globalThis.navigator, 'gpu', { value: gpu });
}
