/** What a data set or a predictor that fails, or is no longer wanted, leaves in the GPU's memory: nothing. */
import { afterEach, expect, test, vi } from 'vitest';
import { serialiseNormalisation } from '../../../src/data/normalisation.ts';
import { imageBytes } from '../../../src/data/record-set.ts';
import type { NetSpec } from '../../../src/nn/net-spec.ts';
import { loadDataset, uploadDataset, uploadRows } from '../../../src/train/dataset.ts';
import { runPrediction } from '../../../src/train/prediction.ts';
import { Predictor } from '../../../src/train/predictor.ts';
import { writeSafetensors } from '../../../src/train/safetensors.ts';
import { fakeSet } from '../data/fake-records.ts';
import { fakeGpu } from '../fake-gpu.ts';

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

const { set, contents } = fakeSet(8);
const size = imageBytes(set);
const normalisation = { mean: new Float64Array(size), std: new Float64Array(size).fill(1) };
const fetchFrom = async (url: string) => {
  const file = contents.get(url.split('/').at(-1)!)?.records;
  return new Response(file ?? serialiseNormalisation(normalisation));
};

test('rows whose test split has no room', () => {
  const { gpu, kept } = fakeGpu(1024);
  const rows = (count: number) => ({ rows: new Float32Array(4 * count), labels: new Uint8Array(count) });
  expect(() => uploadRows(gpu, { features: 4, classes: 1, train: rows(8), test: rows(80) })).toThrow(
    'test rows needs a buffer of 1280 bytes',
  );
  expect([...kept]).toEqual([]);
  uploadRows(gpu, { features: 4, classes: 1, train: rows(8), test: rows(8) });
  expect(kept.size).toBe(4);
});

test('images whose test split has no room', () => {
  const { gpu, kept } = fakeGpu(1024);
  const image = { channels: 1, height: 2, width: 2 };
  const images = (count: number) => ({ images: new Uint8Array(4 * count), labels: new Uint8Array(count) });
  const four = { mean: new Float64Array(4), std: new Float64Array(4).fill(1) };
  const arrays = { image, classes: 1, train: images(8), normalisation: four };
  expect(() => uploadDataset(gpu, { ...arrays, test: images(800) })).toThrow(
    'test images needs a buffer of 1600 bytes',
  );
  expect([...kept]).toEqual([]);
  const dataset = uploadDataset(gpu, { ...arrays, test: images(8) });
  expect(kept.size).toBe(5);
  dataset.destroy();
  expect(kept.size).toBe(0);
});

test.each([
  ['ahead of its normalisation', '', 'normalisation'],
  ['ahead of its images', 'data_batch_1.bin', 'training images'],
  ['ahead of its last images', 'test_batch.bin', 'test images'],
])('a data set that is destroyed on its way: %s', async (_, at, label) => {
  const { gpu, kept } = fakeGpu(2 ** 20);
  const options = {
    baseUrl: '/data',
    fetch: fetchFrom,
    onProgress: ({ file }: { readonly file: string }) => {
      if (file === at) dataset.destroy();
    },
  };
  const dataset = loadDataset(gpu, set, options, { trainingImages: 16 });
  if (at === '') dataset.destroy();
  await expect(dataset.arrived).rejects.toThrow(new Error(`${label}: its buffers were freed`));
  expect([...kept]).toEqual([]);
});

test('a data set that is not destroyed arrives', async () => {
  const { gpu, kept } = fakeGpu(2 ** 20);
  await loadDataset(gpu, set, { baseUrl: '/data', fetch: fetchFrom }, { trainingImages: 16 }).arrived;
  expect(kept.size).toBe(5);
});

test('a prediction that fails frees its predictor', async () => {
  const destroy = vi.fn();
  const logits = vi.fn(async () => {
    throw new Error('7 values are no whole samples');
  });
  vi.spyOn(Predictor, 'make').mockResolvedValue({ logits, destroy } as unknown as Predictor);
  const { gpu } = fakeGpu(1024);
  const net: NetSpec = { input: set.image, layers: [{ kind: 'linear', outputs: 10 }], classes: 10 };
  const request = {
    settings: { net, valSize: 0 },
    weights: writeSafetensors({ tensors: [], metadata: {} }),
    images: new Uint8Array(7),
  };
  await expect(runPrediction(gpu, { baseUrl: '/data', fetch: fetchFrom }, request)).rejects.toThrow(
    '7 values are no whole samples',
  );
  expect(destroy).toHaveBeenCalledOnce();
});
