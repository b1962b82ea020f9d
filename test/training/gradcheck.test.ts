/** What `npm run gradcheck` does, on a small net and images of the tests; and what it must see: mistakes in backward kernels. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drawCase } from '../../src/cli/commands/gradcheck-case.ts';
import { conclusion } from '../../src/cli/commands/gradcheck-listing.ts';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { imageBytes } from '../../src/data/record-set.ts';
import { defaultChoice, type VariantChoice } from '../../src/kernels/variant-choice.ts';
import { courseBatchNorm } from '../../src/nn/net-spec.ts';
import { type GradientLine, gradientReport } from '../../src/reference/gradient-report.ts';
import type { TrainSettings } from '../../src/train/settings.ts';
import { Trainer } from '../../src/train/trainer.ts';
import { broken } from '../kernels/broken.ts';
import { quickChoice, sharedGpu } from './device.ts';
import { baseSettings, netOf, type SyntheticDataset, syntheticDataset } from './synthetic.ts';

const IMAGE_BYTES = imageBytes(cifar10);

let data: SyntheticDataset;
beforeAll(async () => {
  data = syntheticDataset(await sharedGpu(), 24, 4);
});
afterAll(() => data.dataset.destroy());

const batchSize = 18;
/** One step on the first images, as they are. */
const settings: TrainSettings = {
  ...baseSettings,
  net: netOf({ hidden: [16, 8] }),
  batchSize,
  steps: 1,
  valSize: 0,
  shuffle: false,
  flip: false,
  cropPixels: 0,
};

/** The lines of the report. `fuseGather`: the first layer reads the bytes. */
async function check(
  { net }: Pick<TrainSettings, 'net'>,
  choose: VariantChoice,
  fuseGather = false,
): Promise<GradientLine[]> {
  const gpu = await sharedGpu();
  const { images, labels } = data.train;
  const batch = {
    image: cifar10.image,
    images: images.subarray(0, batchSize * IMAGE_BYTES),
    labels: labels.subarray(0, batchSize),
    normalisation: data.normalisation,
  };
  const { gradientCase, weights, bounds } = drawCase({ ...settings, net }, batch);
  const trainer = await Trainer.make(
    gpu,
    data.dataset,
    { ...settings, net },
    { choose, weights, fuseGather },
  );
  await trainer.train();
  const [gradients] = await trainer.gradients();
  await trainer.destroy();
  const byName = Object.fromEntries(gradients!.map((tensor) => [tensor.name, tensor.data]));
  return gradientReport(gradientCase, byName, bounds, { entries: 2 });
}

const failures = (lines: readonly GradientLine[]) => lines.filter(({ verdict }) => verdict !== 'ok');

describe('sound kernels pass', () => {
  test.each([
    ['batch norm before ReLU', courseBatchNorm],
    ['batch norm after ReLU', { ...courseBatchNorm, order: 'after-relu' as const }],
    ['no batch norm', null],
  ])('%s', async (_, batchNorm) => {
    const lines = await check({ net: netOf({ hidden: [16, 8], batchNorm }) }, quickChoice);
    expect(failures(lines)).toEqual([]);
    expect(conclusion(lines)).toBe(`passed: ${batchNorm === null ? 6 : 10} tensors`);
  });

  test('the default variants, the first layer reading the bytes', async () => {
    expect(failures(await check(settings, defaultChoice, true))).toEqual([]);
  });
});

/** Mistakes of test/kernels/broken.ts, and a tensor whose gradient is then wrong. */
const mistakes = [
  ['matmul-wgrad', 'drops the last row of the batch', 'layers.2.linear.weight'],
  ['bias-gradient', 'drops the last row', 'layers.2.linear.bias'],
  ['matmul-dgrad', 'drops the last column', 'layers.0.bn.weight'],
  ['batch-norm-backward', 'forgets that the variance depends on x', 'layers.1.linear.weight'],
  ['batch-norm-backward', 'does not mask with the ReLU behind', 'layers.1.bn.weight'],
] as const;

describe('a broken kernel fails', () => {
  test.each(mistakes)('%s that %s', async (op, mistake, tensor) => {
    const { variant: start, find, replace } = broken[op]!.find((entry) => entry.mistake === mistake)!;
    const choose: VariantChoice = (kernel, ...rest) => {
      if (kernel.op !== op) return quickChoice(kernel, ...rest);
      const variant = kernel.variants.find(({ name }) => name.startsWith(start))!;
      const source = variant.source.replaceAll(find, replace);
      expect(source).not.toBe(variant.source);
      return { ...variant, source };
    };
    const lines = await check(settings, choose);
    const wrong = failures(lines);
    expect(wrong.every(({ compared, verdict }) => compared === 'GPU' && verdict === 'wrong')).toBe(true);
    expect(wrong.map(({ name }) => name)).toContain(tensor);
    expect(conclusion(lines)).toMatch(/^FAILED: \d+ of 10 gradients of the GPU differ from the reference$/);
  });
});
