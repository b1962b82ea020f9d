/** Nets that have a name on the command line, in files and in links: families of convolutional nets, with their widths in the name. */

import type { BatchNormOptions } from './layers/batch-norm.ts';
import type { LayerSpec } from './layers/index.ts';
import { imageOf, type SampleShape } from './layers/layer.ts';
import type { NetSpec } from './net-spec.ts';
import { whiteningFilterCount } from './whitening.ts';

/** A family: `patch-4-10-50` is of `patch`. */
export interface NetFamily {
  readonly name: string;
  /** What the numbers are: `patch size, filters, hidden`. */
  readonly numbers: readonly string[];
  /** One line for `--help`. */
  readonly what: string;
  /** @throws RangeError where the input is of another kind */
  layers(numbers: readonly number[], classes: number, input: SampleShape): readonly LayerSpec[];
}

/** PyTorch's batch norm. */
export const torchBatchNorm: BatchNormOptions = {
  eps: 1e-5,
  statsMomentum: 0.1,
  runningVariance: 'unbiased',
  runningInit: 'zero-one',
};

const relu = { kind: 'relu' } as const;
const gelu = { kind: 'gelu' } as const;
const flatten = { kind: 'flatten' } as const;
const norm = { kind: 'batch-norm', ...torchBatchNorm } as const;

/** The newer assignment of the course (KTH DD2424, assignment 3 of 2025/26): patches, ReLU, two linear layers. */
const patch: NetFamily = {
  name: 'patch',
  numbers: ['patch size', 'filters', 'hidden'],
  what: 'filters on patches that do not overlap, ReLU, linear, ReLU, linear',
  layers: ([size = 0, filters = 0, hidden = 0], classes) => [
    { kind: 'conv', filters, size, stride: size },
    relu,
    flatten,
    { kind: 'linear', outputs: hidden },
    relu,
    { kind: 'linear', outputs: classes },
  ],
};

/** Three convolutions with batch norm and ReLU, the second and third with stride 2, the mean of all pixels, linear. */
const vgg: NetFamily = {
  name: 'vgg',
  numbers: ['filters', 'filters', 'filters'],
  what: 'three 3×3 convolutions with batch norm and ReLU, the second and third with stride 2, average, linear',
  layers: (widths, classes) => [
    ...widths.flatMap((filters, i): LayerSpec[] => [
      { kind: 'conv', filters, size: 3, stride: i === 0 ? 1 : 2, padding: 1 },
      norm,
      relu,
    ]),
    { kind: 'average-pool' },
    flatten,
    { kind: 'linear', outputs: classes },
  ],
};

/** Batch norm of the family below: a short memory, no scale, a bias that learns fast. */
const quickNorm = {
  kind: 'batch-norm',
  eps: 1e-12,
  statsMomentum: 0.4,
  runningVariance: 'unbiased',
  runningInit: 'zero-one',
  scale: false,
  biasRate: 64,
} as const;

/** The shape of K. Jordan's airbench94 (2024, https://arxiv.org/abs/2404.00498): frozen filters that whiten, three blocks of two convolutions. */
const air: NetFamily = {
  name: 'air',
  numbers: ['filters', 'filters', 'filters'],
  what: 'frozen whitening filters, three blocks of two 3×3 convolutions with pooling, batch norm and GELU, linear',
  layers: (widths, classes, input) => [
    {
      kind: 'conv',
      filters: whiteningFilterCount(imageOf(input).channels, 2),
      size: 2,
      initial: 'whitening',
      biasEpochs: 3,
    },
    gelu,
    ...widths.flatMap((filters): LayerSpec[] => {
      const conv = { kind: 'conv', filters, size: 3, padding: 1, bias: false, initial: 'dirac' } as const;
      return [conv, { kind: 'max-pool', size: 2 }, quickNorm, gelu, conv, quickNorm, gelu];
    }),
    { kind: 'max-pool', size: 3 },
    flatten,
    { kind: 'linear', outputs: classes, bias: false },
    { kind: 'scale', factor: 1 / 9 },
  ],
};

export const netFamilies: readonly NetFamily[] = [patch, vgg, air];

/** `patch-S-F-H, vgg-F-F-F`: the names that there are. */
export const namedNetForms = /* @__PURE__ */ netFamilies.map(
  ({ name, numbers }) => `${name}-${numbers.map((number) => `<${number}>`).join('-')}`,
);

/**
 * The net of a name such as `vgg-16-32-64`.
 * @throws RangeError that says which names there are, or what does not fit the data
 */
export function namedNet(name: string, input: SampleShape, classes: number): NetSpec {
  const [family, ...texts] = name.split('-');
  const found = netFamilies.find((candidate) => candidate.name === family);
  const numbers = texts.map(Number);
  const isRight =
    found?.numbers.length === numbers.length && texts.every((text) => /^[1-9]\d{0,4}$/.test(text));
  if (!found || !isRight) {
    throw new RangeError(
      `there is no net "${name}": names are ${namedNetForms.join(', ')}, such as vgg-16-32-64`,
    );
  }
  return { input, layers: found.layers(numbers, classes, input), classes };
}
