// Two spirals, a class each, told apart by their two coordinates: no straight line does that, a net with hidden layers bends around them.
import {
  constant,
  courseBatchNorm,
  floatDataset,
  mlp,
  type RowArrays,
  requestGpu,
  Trainer,
  withDefaults,
} from 'wgrad';

function spirals(count: number): RowArrays {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 2);
  const rows = Float32Array.from({ length: 2 * count }, (_, at) => {
    const i = Math.floor(at / 2);
    const turn = 0.25 + (2.5 * i) / count;
    const angle = Math.PI * (turn + labels[i]!);
    return (turn / 2) * (at % 2 === 0 ? Math.cos(angle) : Math.sin(angle));
  });
  return { rows, labels };
}

const gpu = await requestGpu(navigator.gpu);
const dataset = floatDataset(gpu, { features: 2, classes: 2, train: spirals(512), test: spirals(201) });
const net = mlp({ input: { features: 2 }, hidden: [32, 32], classes: 2, batchNorm: courseBatchNorm });
const settings = withDefaults({ net, steps: 800, batchSize: 64, schedule: constant(0.1) });

const trainer = await Trainer.make(gpu, dataset, settings);
await trainer.train({
  onReport: ({ step, loss }) => console.log(`step ${step}: loss ${loss[0]!.toFixed(3)}`),
});
const [score] = await trainer.evaluate('test');
console.log(`test accuracy ${score!.accuracy.toFixed(3)}`);
