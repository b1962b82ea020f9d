// CIFAR-10 by Adam, three seeds at once. Its six files and normalisation-45000.f64 come from where the page does: npm run build -- --with-data
// puts them there.
import {
  adam,
  cifar10,
  courseBatchNorm,
  cyclical,
  loadDataset,
  mlp,
  requestGpu,
  Trainer,
  withDefaults,
  writeSafetensors,
} from 'wgrad';

const trainingImages = 45_000;
const gpu = await requestGpu(navigator.gpu);
const dataset = loadDataset(gpu, cifar10, { baseUrl: '/data/cifar10/' }, { trainingImages });
const settings = withDefaults({
  net: mlp({ input: cifar10.image, hidden: [50, 50], classes: 10, batchNorm: courseBatchNorm }),
  optimizer: adam(),
  schedule: cyclical({ min: 1e-5, max: 1e-3, halfCycle: 50 }),
  steps: 100,
  replicas: [1, 2, 3].map((seed) => ({ seed, lambda: 0.002, rateScale: 1 })),
  valSize: 50_000 - trainingImages,
});

const trainer = await Trainer.make(gpu, dataset, settings);
await trainer.train({
  onReport: ({ epoch, accuracy }) =>
    console.log(`epoch ${epoch.toFixed(1)}: accuracy ${accuracy[0]!.toFixed(3)}`),
});
const scores = await trainer.evaluate('test');
console.log(`test accuracy ${scores.map(({ accuracy }) => accuracy.toFixed(3)).join(', ')}`);
const [first] = await trainer.weights();
console.log(
  `weights: ${writeSafetensors({ tensors: first!, metadata: {} }).length} bytes, as PyTorch reads them`,
);
