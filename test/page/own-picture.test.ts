/** A picture of a visitor's own: what reaches the net, and what the net says of it. The net is made: each class has a colour. */
import { expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { normalisationSize } from '../../src/data/normalisation.ts';
import { imageBytes } from '../../src/data/record-set.ts';
import { experiments, trainSettings } from '../../src/experiments/experiments.ts';
import { mlp } from '../../src/nn/net-spec.ts';
import type { DataStore } from '../../src/page/engine/data-store.ts';
import { Device } from '../../src/page/engine/device.ts';
import { guessPicture } from '../../src/page/engine/own-picture.ts';
import { writeSafetensors } from '../../src/train/safetensors.ts';

const device = new Device();
/** Means of 0 and deviations of 1, two float64 each. */
const store = {
  set: cifar10,
  async respond() {
    const values = new Float64Array(normalisationSize(imageBytes(cifar10)) / 8);
    values.fill(1, values.length / 2);
    return new Response(values);
  },
} as unknown as DataStore;

const { image } = cifar10;
const pixels = image.height * image.width;
/** Class c of the first three has the mean of colour c for its logit; the others have 0. */
const weight = Float32Array.from({ length: 10 * 3 * pixels }, (_, i) => {
  const [row, channel] = [Math.floor(i / (3 * pixels)), Math.floor((i % (3 * pixels)) / pixels)];
  return row === channel ? 1 / pixels : 0;
});
const weights = writeSafetensors({
  tensors: [
    { name: 'layers.0.linear.weight', shape: [10, 3 * pixels], data: weight },
    { name: 'layers.0.linear.bias', shape: [10], data: new Float32Array(10) },
  ],
  metadata: {},
});
const settings = {
  ...trainSettings(experiments[0]!.settings, { seeds: [1], shuffle: true, reportSteps: 5, steps: 1 }),
  net: mlp({ input: image, hidden: [], classes: 10 }),
};

async function fileOf(
  width: number,
  height: number,
  paint: (context: OffscreenCanvasRenderingContext2D) => void,
) {
  const canvas = new OffscreenCanvas(width, height);
  paint(canvas.getContext('2d')!);
  return new File([await canvas.convertToBlob()], 'picture.png');
}

test('its middle square is what the net is given, in planes of red, green and blue', async () => {
  const file = await fileOf(96, 32, (context) => {
    context.fillStyle = 'rgb(0 0 255)';
    context.fillRect(0, 0, 96, 32);
    context.fillStyle = 'rgb(10 200 30)';
    context.fillRect(32, 0, 32, 32);
    context.fillStyle = 'rgb(250 1 2)';
    context.fillRect(33, 5, 1, 1);
  });
  const guess = await guessPicture({ device, store }, { settings, weights, file });
  const at = 5 * 32 + 1;
  const colourAt = (pixel: number) => [0, 1, 2].map((channel) => guess.image[channel * pixels + pixel]);
  expect(colourAt(at)).toEqual([250, 1, 2]);
  expect(colourAt(at + 1)).toEqual([10, 200, 30]);
  expect(colourAt(0)).toEqual([10, 200, 30]);
  expect(colourAt(pixels - 1)).toEqual([10, 200, 30]);
});

test('a large green picture is taken for the green class', async () => {
  const file = await fileOf(400, 300, (context) => {
    context.fillStyle = 'rgb(51 255 0)';
    context.fillRect(0, 0, 400, 300);
  });
  const { probabilities } = await guessPicture({ device, store }, { settings, weights, file });
  // Images are given from 0 to 1.
  const total = Math.exp(0.2) + Math.exp(1) + 8;
  expect(probabilities[0]).toBeCloseTo(Math.exp(0.2) / total, 4);
  expect(probabilities[1]).toBeCloseTo(Math.exp(1) / total, 4);
});

test('what is no picture is refused by name', async () => {
  const file = new File(['not a picture'], 'letter.txt');
  await expect(guessPicture({ device, store }, { settings, weights, file })).rejects.toThrow(
    'letter.txt is no picture that this browser reads',
  );
});
