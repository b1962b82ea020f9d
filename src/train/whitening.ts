// Filters that whiten the patches of a data set's images, from the images on the GPU.
import type { ImageRange } from '../data/splits.ts';
import type { Gpu } from '../gpu/device.ts';
import { slice } from '../gpu/tensor.ts';
import { featuresOf, paddedWidth } from '../nn/layers/layer.ts';
import type { PlacedLayer } from '../nn/net.ts';
import { type NormalisedImages, whiteningFilters, whiteningImages } from '../nn/whitening.ts';
import { type GpuDataset, type GpuImages, storedBytes } from './dataset.ts';
import { readTensors } from './stats.ts';

/**
 * The filters of the layers that whiten, by name, from the first images of the training split; empty for a net without.
 * @throws RangeError where such a layer is not the net's first, or the data are not images
 */
export async function whiteningOf(
  gpu: Gpu,
  layers: readonly PlacedLayer[],
  { train }: GpuDataset,
  training: ImageRange,
): Promise<ReadonlyMap<string, Float32Array>> {
  const filters = new Map<string, Float32Array>();
  for (const [place, { spec, name }] of layers.entries()) {
    if (spec.kind !== 'conv' || spec.initial !== 'whitening') continue;
    if (place > 0) throw new RangeError(`layer ${place} (${name}) whitens: only the first layer can`);
    if (train.kind !== 'images')
      throw new RangeError(`layer ${place} (${name}) whitens images: the data are rows`);
    const count = Math.min(whiteningImages, training.count);
    filters.set(`${name}.weight`, whiteningFilters(await normalisedImages(gpu, train, count), spec.size));
  }
  return filters;
}

/** The first images, as the net sees them. */
async function normalisedImages(gpu: Gpu, split: GpuImages, count: number): Promise<NormalisedImages> {
  const { image, imagesA, imagesB, shardImages, normalisation } = split;
  const size = featuresOf(image);
  const stride = storedBytes(image);
  const inA = Math.min(count, shardImages);
  const words = (images: number) => (images * stride) / 4;
  const parts = [slice(imagesA, 'first images', 0, words(inA))];
  if (count > inA) parts.push(slice(imagesB, 'more images', 0, words(count - inA)));
  const [table, ...bytes] = await readTensors(gpu, [normalisation, ...parts]);
  const scaleAndOffset = new Float32Array(table!);
  const offsets = paddedWidth(size);
  const values = new Float32Array(count * size);
  let next = 0;
  for (const shard of bytes.map((buffer) => new Uint8Array(buffer))) {
    for (let start = 0; start < shard.length; start += stride) {
      for (let p = 0; p < size; p++) {
        values[next++] = shard[start + p]! * scaleAndOffset[p]! + scaleAndOffset[offsets + p]!;
      }
    }
  }
  return { values, ...image };
}
