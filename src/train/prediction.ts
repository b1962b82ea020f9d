import { datasetOf } from '../data/datasets/index.ts';
import { loadNormalisation, type StreamOptions } from '../data/load.ts';
import { splitImages } from '../data/record-set.ts';
import type { Gpu } from '../gpu/device.ts';
import type { PredictRequest } from './messages.ts';
import { Predictor } from './predictor.ts';
import { readWeights } from './weights-file.ts';

/**
 * Logits of each image, normalised as the net's training images were: what every host calls with a device and the address of the data.
 * @throws Error for weights that do not fit, and for data that cannot be reached; GpuError
 */
export async function runPrediction(
  gpu: Gpu,
  data: StreamOptions,
  { settings, weights, images }: PredictRequest,
): Promise<number[][]> {
  const set = datasetOf(settings);
  const trainingImages = splitImages(set, 'train') - settings.valSize;
  const normalisation = await loadNormalisation(set, data, trainingImages, settings.normalisation);
  const predictor = await Predictor.make(gpu, {
    net: settings.net,
    weights: readWeights(weights),
    normalisation,
  });
  try {
    const logits = await predictor.logits(images);
    const { classes } = settings.net;
    return Array.from({ length: logits.length / classes }, (_, i) =>
      Array.from(logits.subarray(i * classes, (i + 1) * classes)),
    );
  } finally {
    predictor.destroy();
  }
}
