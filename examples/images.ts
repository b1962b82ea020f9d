// Grey images of 28×28 pixels, as MNIST has them: train a softmax regression, then ask it about new images.
import {
  cyclical,
  type ImageArrays,
  imageDataset,
  mlp,
  Predictor,
  requestGpu,
  Trainer,
  withDefaults,
} from 'wgrad';

/** A bright square in one of four corners, on noise; put your own bytes in its place. */
function corners(count: number): ImageArrays {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
  const images = Uint8Array.from({ length: count * 784 }, () => 120 * Math.random());
  for (const [i, label] of labels.entries()) {
    const [top, left] = [label < 2 ? 3 : 17, label % 2 === 0 ? 3 : 17];
    for (let row = top; row < top + 8; row++)
      images.fill(200, i * 784 + row * 28 + left, i * 784 + row * 28 + left + 8);
  }
  return { images, labels };
}

const gpu = await requestGpu(navigator.gpu);
const image = { channels: 1, height: 28, width: 28 };
const dataset = imageDataset(gpu, { image, classes: 4, train: corners(400), test: corners(100) });
const net = mlp({ input: image, hidden: [], classes: 4, batchNorm: null });
const schedule = cyclical({ min: 1e-4, max: 0.1, halfCycle: 30 });

const trainer = await Trainer.make(gpu, dataset, withDefaults({ net, steps: 60, schedule }));
await trainer.train();
const [score] = await trainer.evaluate('test');
console.log(`test accuracy ${score!.accuracy.toFixed(3)}`);

const [weights] = await trainer.weights();
const predictor = await Predictor.make(gpu, { net, weights: weights!, normalisation: dataset.normalisation });
console.log(`classes of new images: ${(await predictor.classes(corners(8).images)).join(' ')}`);
