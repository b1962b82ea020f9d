import type { Gpu } from '../gpu/device.ts';
import { storedSize } from '../nn/layers/layer.ts';
import type { Model } from '../nn/model.ts';
import { inputOf } from '../nn/net.ts';

/** Bytes of a tensor of a pass that trains nothing, at most: it may not take more memory than training. */
const mostBytes = 2 ** 28;

/** Samples that a pass through a model can compute at once: so many that its largest tensor, of all replicas, is a buffer of this device. At least one. */
export function mostSamples({ device: { limits } }: Pick<Gpu, 'device'>, model: Model): number {
  const sizes = [inputOf(model.spec), ...model.layers.map(({ output }) => output)].map(storedSize);
  const most = Math.min(limits.maxBufferSize, limits.maxStorageBufferBindingSize, mostBytes);
  return Math.max(1, Math.floor(most / (4 * model.replicas * Math.max(...sizes))));
}
