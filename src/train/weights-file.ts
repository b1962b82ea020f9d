import type { NamedTensor } from '../nn/parameters.ts';
import { weightTypes } from './element-types.ts';
import { readSafetensors } from './safetensors.ts';

/** PyTorch's counter of the batches that a batch norm has seen, I64; its momentum here is fixed, so that nothing needs it. */
const isCounter = (name: string): boolean => /(^|\.)num_batches_tracked$/.test(name);

/**
 * The weights in a safetensors file, as `safetensors.torch.save_file(model.state_dict(), ...)` writes it.
 * @throws Error for a damaged file, and for a tensor of a type that weights do not come in, naming it
 */
export function readWeights(file: Uint8Array): readonly NamedTensor[] {
  const { tensors, others } = readSafetensors(file);
  const other = others.find(({ name }) => !isCounter(name));
  if (other !== undefined) {
    const { name, shape, dtype } = other;
    throw new Error(
      `${name} (${shape.join(' x ')}) is ${dtype} in the weights, expected ${weightTypes.join(', ')}`,
    );
  }
  return tensors.filter(({ name }) => !isCounter(name));
}
