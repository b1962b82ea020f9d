// Rewrites of a list of calls that compute the same with fewer or faster dispatches. Each looks for calls that are tied by their
// tensors alone; a tensor that no call is left with is never allocated.
import type { Capabilities } from '../gpu/device.ts';
import type { Allocator, Tensor } from '../gpu/tensor.ts';
import {
  batchNormBackward,
  batchNormForward,
  batchNormInference,
  batchNormStatistics,
} from '../kernels/batch-norm.ts';
import {
  activationCode,
  batchNormApply,
  batchNormDx,
  batchNormGradientParts,
} from '../kernels/batch-norm-parts.ts';
import { biasGradient } from '../kernels/bias.ts';
import { call, isCallOf, type KernelCall } from '../kernels/call.ts';
import { gather } from '../kernels/gather.ts';
import { gatherLabels } from '../kernels/gather-labels.ts';
import { type GatherMatmulShape, gatherMatmulForward, gatherMatmulWgrad } from '../kernels/gather-matmul.ts';
import { geluBackward, geluForward } from '../kernels/gelu.ts';
import type { Shape } from '../kernels/kernel.ts';
import {
  type MatmulShape,
  matmulForward,
  matmulForwardSplit,
  matmulWgrad,
  splitSum,
} from '../kernels/matmul.ts';
import { biasGradientParts, partSum } from '../kernels/parts.ts';
import { reluBackward, reluForward } from '../kernels/relu.ts';
import { preferredVariant } from '../kernels/variant-choice.ts';

type Calls = readonly KernelCall[];

/** Calls that bind a tensor, whether to read or to write it. */
const usersOf = (calls: Calls, tensor: Tensor): Calls =>
  calls.filter(({ tensors }) => Object.values(tensors).includes(tensor));

const isOneOf = (calls: Calls, ...allowed: readonly (KernelCall | undefined)[]): boolean =>
  calls.every((user) => allowed.includes(user));

/** `call` with other sizes and tensors; undefined leaves the call out. */
type Replacements = ReadonlyMap<KernelCall, KernelCall | undefined>;

const changed = (
  original: KernelCall,
  shape: Shape,
  tensors: Readonly<Record<string, Tensor>>,
): KernelCall => ({
  ...original,
  shape: { ...original.shape, ...shape },
  tensors: { ...original.tensors, ...tensors },
});

const replace = (calls: Calls, replacements: Replacements): Calls =>
  calls.flatMap((original) => {
    if (!replacements.has(original)) return [original];
    const replacement = replacements.get(original);
    return replacement === undefined ? [] : [replacement];
  });

/** A ReLU behind batch norm is computed in its pass, forward and backward. */
function reluBehindBatchNorm(calls: Calls): Calls {
  for (const relu of calls.filter(isCallOf(reluForward))) {
    const norm = calls.find(
      (candidate) =>
        (isCallOf(batchNormForward)(candidate) || isCallOf(batchNormInference)(candidate)) &&
        candidate.tensors.y === relu.tensors.x,
    );
    if (norm === undefined) continue;
    const back = calls.filter(isCallOf(reluBackward)).find(({ tensors }) => tensors.x === relu.tensors.x);
    if (!isOneOf(usersOf(calls, relu.tensors.x), norm, relu, back)) continue;
    const normBack = calls
      .filter(isCallOf(batchNormBackward))
      .find(({ tensors }) => tensors.dy === back?.tensors.dx);
    const replacements = new Map<KernelCall, KernelCall | undefined>([
      [norm, changed(norm, { RELU_AFTER: 1 }, { y: relu.tensors.y })],
      [relu, undefined],
    ]);
    if (back !== undefined) {
      if (normBack === undefined || !isOneOf(usersOf(calls, back.tensors.dx), back, normBack)) continue;
      replacements.set(normBack, changed(normBack, { RELU_AFTER: 1 }, { dy: back.tensors.dy }));
      replacements.set(back, undefined);
    }
    return reluBehindBatchNorm(replace(calls, replacements));
  }
  return calls;
}

/** A ReLU in front of batch norm is computed in its pass: forward, backward, and where statistics are merged. */
function reluBeforeBatchNorm(calls: Calls): Calls {
  for (const relu of calls.filter(isCallOf(reluForward))) {
    const norm = calls.find(
      (candidate) =>
        (isCallOf(batchNormForward)(candidate) ||
          isCallOf(batchNormInference)(candidate) ||
          isCallOf(batchNormStatistics)(candidate)) &&
        candidate.tensors.x === relu.tensors.y,
    );
    if (norm === undefined) continue;
    const normBack = calls
      .filter(isCallOf(batchNormBackward))
      .find(({ tensors }) => tensors.x === relu.tensors.y);
    if (!isOneOf(usersOf(calls, relu.tensors.y), relu, norm, normBack)) continue;
    const back = calls
      .filter(isCallOf(reluBackward))
      .find(({ tensors }) => tensors.dy === normBack?.tensors.dx);
    const replacements = new Map<KernelCall, KernelCall | undefined>([
      [norm, changed(norm, { RELU_BEFORE: 1 }, { x: relu.tensors.x })],
      [relu, undefined],
    ]);
    if (normBack !== undefined) {
      if (back === undefined || !isOneOf(usersOf(calls, back.tensors.dy), normBack, back)) continue;
      const tensors = { x: relu.tensors.x, dx: back.tensors.dx };
      replacements.set(normBack, changed(normBack, { RELU_BEFORE: 1 }, tensors));
      replacements.set(back, undefined);
    }
    return reluBeforeBatchNorm(replace(calls, replacements));
  }
  return calls;
}

const activations = [
  { forward: reluForward, backward: reluBackward, code: activationCode.relu },
  { forward: geluForward, backward: geluBackward, code: activationCode.gelu },
] as const;

/** A ReLU or GELU behind a batch norm over many rows is computed in its passes, forward and backward. */
function activationBehindManyRows(calls: Calls): Calls {
  for (const { forward, backward, code } of activations) {
    for (const activation of calls.filter(isCallOf(forward))) {
      const { x, y } = activation.tensors;
      const norm = calls.filter(isCallOf(batchNormApply)).find(({ tensors }) => tensors.y === x);
      const back = calls.filter(isCallOf(backward)).find(({ tensors }) => tensors.x === x);
      if (norm === undefined || !isOneOf(usersOf(calls, x), norm, activation, back)) continue;
      const replacements = new Map<KernelCall, KernelCall | undefined>([
        [norm, changed(norm, { ACTIVATION: code }, { y })],
        [activation, undefined],
      ]);
      if (back !== undefined) {
        const users = usersOf(calls, back.tensors.dx).filter((user) => user !== back);
        const isNorm = users.map(
          (user) => isCallOf(batchNormGradientParts)(user) || isCallOf(batchNormDx)(user),
        );
        if (isNorm.includes(false)) continue;
        for (const user of users) {
          replacements.set(user, changed(user, { ACTIVATION: code }, { dy: back.tensors.dy }));
        }
        replacements.set(back, undefined);
      }
      return activationBehindManyRows(replace(calls, replacements));
    }
  }
  return calls;
}

/**
 * The gradient of a bias in front of batch norm is exactly 0, since batch norm takes the batch's mean away: no call computes
 * it, and it stays the zeros that it was made of. (In float32 it would be noise, which Adam divides by its own size.)
 */
function withoutFreeBiases(calls: Calls): Calls {
  const free = calls
    .filter((candidate) => isCallOf(batchNormBackward)(candidate) || isCallOf(batchNormDx)(candidate))
    .filter(({ shape }) => shape.RELU_BEFORE === 0)
    .map(({ tensors }) => tensors.dx);
  const parts = calls.filter(isCallOf(biasGradientParts)).filter(({ tensors }) => free.includes(tensors.dy));
  return calls.filter((candidate) => {
    if (isCallOf(biasGradient)(candidate)) return !free.includes(candidate.tensors.dy);
    if (isCallOf(biasGradientParts)(candidate)) return !parts.includes(candidate);
    if (!isCallOf(partSum)(candidate)) return true;
    return !parts.some(({ tensors }) => tensors.partial === candidate.tensors.partial);
  });
}

/** Batch norm and its activation in one pass each, no gradients of biases that have none. */
export const fuseLayers = (calls: Calls): Calls =>
  withoutFreeBiases(activationBehindManyRows(reluBeforeBatchNorm(reluBehindBatchNorm(calls))));

/** Whether products that fetch the images, of this shape, are the faster ones. */
type PaysFusion = (shape: GatherMatmulShape) => boolean;

/** They are where the adapter has variants made for them (SwiftShader, not every width); elsewhere one gather and plain products are. */
export const fusionPays =
  (capabilities: Capabilities): PaysFusion =>
  (shape) =>
    preferredVariant(gatherMatmulForward, shape, capabilities) !== undefined &&
    preferredVariant(gatherMatmulWgrad, shape, capabilities) !== undefined;

/**
 * The first layer's products read the bytes of the images themselves, and x never exists: where the gather's x goes into one
 * linear layer alone, without crops, in rows of whole words, and where that pays. Otherwise the calls stay as they are.
 */
export function fuseGather(calls: Calls, pays: PaysFusion = () => true): Calls {
  const gathers = calls.filter(isCallOf(gather));
  const images = gathers[0];
  if (images === undefined || gathers.length > 1) return calls;
  const { CROP, C, H, W, B, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES } = images.shape;
  const { x, imagesA, imagesB, normalisation, order, counters, labels, imageLabels } = images.tensors;
  const forward = calls.filter(isCallOf(matmulForward)).find(({ tensors }) => tensors.x === x);
  const wgrad = calls.filter(isCallOf(matmulWgrad)).find(({ tensors }) => tensors.x === x);
  if (CROP === 1 || W % 4 !== 0 || forward === undefined) return calls;
  if (!isOneOf(usersOf(calls, x), images, forward, wgrad)) return calls;
  const source = { imagesA, imagesB, normalisation, order, counters };
  const shape = ({ M, N }: MatmulShape) =>
    ({ M, N, C, H, W, ORDER, STEPS_PER_EPOCH, SHARD_IMAGES, SHARDED: imagesA === imagesB ? 0 : 1 }) as const;
  if (!pays(shape(forward.shape))) return calls;
  const { w, bias, y } = forward.tensors;
  const replacements = new Map<KernelCall, KernelCall>([
    [
      images,
      call(
        `${images.label} labels`,
        gatherLabels,
        { B, ORDER, STEPS_PER_EPOCH },
        { imageLabels, order, counters, labels },
      ),
    ],
    [forward, call(forward.label, gatherMatmulForward, shape(forward.shape), { ...source, w, bias, y })],
  ]);
  if (wgrad !== undefined) {
    const { dy, dw } = wgrad.tensors;
    replacements.set(wgrad, call(wgrad.label, gatherMatmulWgrad, shape(wgrad.shape), { ...source, dy, dw }));
  }
  return replace(calls, replacements);
}

/** Side of the smallest block that a workgroup of a GPU computes, workgroups that parts are made for, most parts, fewest terms that are parted. */
const splitting = { side: 32, workgroups: 128, parts: 32, terms: 512 };

/**
 * Parts that the K terms of y = x·w are summed in. Where the blocks of y are too few to fill a GPU, each block's sum is
 * shared between several workgroups; an adapter that computes on a few CPU cores needs no more than those blocks. The number of
 * replicas does not count: sums in other parts would give a replica other bits than a single run.
 */
export function splitsFor({ M, N, K }: MatmulShape, { software, fillingWorkgroups }: Capabilities): number {
  const { side, workgroups, parts, terms } = splitting;
  const blocks = Math.ceil(M / side) * Math.ceil(N / side);
  if (software || blocks >= fillingWorkgroups || K < terms) return 1;
  return Math.max(1, Math.min(Math.floor(workgroups / blocks), parts));
}

/** Products with few outputs and many terms in parts, where that fills the adapter better. */
export function splitSums(calls: Calls, capabilities: Capabilities, allocator: Allocator): Calls {
  return calls.flatMap((product) => {
    if (!isCallOf(matmulForward)(product)) return [product];
    const { label, shape, tensors } = product;
    const { M, N } = shape;
    const SPLITS = splitsFor(shape, capabilities);
    if (SPLITS === 1) return [product];
    const { x, w, bias, y } = tensors;
    const partial = allocator.tensor(`${label} partial sums`, SPLITS * M * N, y.replicas);
    return [
      call(label, matmulForwardSplit, { ...shape, SPLITS }, { x, w, y: partial }),
      call(`${label} sum`, splitSum, { M, N, SPLITS }, { partial, bias, y }),
    ];
  });
}
