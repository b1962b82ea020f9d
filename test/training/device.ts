/** The device that the tests of this folder share; those that break one ask for their own. */
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import type { VariantChoice } from '../../src/kernels/variant-choice.ts';

let shared: Promise<Gpu> | undefined;

export function sharedGpu(): Promise<Gpu> {
  shared ??= requestGpu(navigator.gpu);
  return shared;
}

/** The plainest variant of every op. */
export const naiveChoice: VariantChoice = (kernel) => kernel.variants[0]!;
