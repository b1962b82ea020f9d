// A rewrite of a training step's calls: all that lies between the first layer's product and its gradient becomes one call.
import type { Capabilities } from '../gpu/device.ts';
import { type Allocator, slice, type Tensor } from '../gpu/tensor.ts';
import { batchNormBackward, batchNormForward } from '../kernels/batch-norm.ts';
import { biasGradient } from '../kernels/bias.ts';
import { call, isCallOf, type KernelCall } from '../kernels/call.ts';
import { hopelessness, type Kernel, type Shape, shapeText } from '../kernels/kernel.ts';
import { matmulDgrad, matmulForward, matmulForwardSplit, matmulWgrad } from '../kernels/matmul.ts';
import { type NetTailShape, netTail, tailWork } from '../kernels/net-tail.ts';
import { softmaxCrossEntropy } from '../kernels/softmax-cross-entropy.ts';
import type { Model } from './model.ts';

type CallOf<S extends Shape, B extends string> = KernelCall & {
  readonly shape: S;
  readonly tensors: Readonly<Record<B, Tensor>>;
};

/** Takes the calls of a list in turn. */
class Cursor {
  readonly #calls: readonly KernelCall[];
  place: number;

  constructor(calls: readonly KernelCall[], place: number) {
    this.#calls = calls;
    this.place = place;
  }

  /** The next call where it is one of `kernel`; undefined, and it stays the next, where it is not. */
  take<S extends Shape, B extends string>(kernel: Kernel<S, B>): CallOf<S, B> | undefined {
    const next = this.#calls[this.place];
    if (next === undefined || !isCallOf(kernel)(next)) return undefined;
    this.place++;
    return next;
  }
}

type Norm = CallOf<Parameters<typeof batchNormForward.cost>[0], 'x' | 'affine' | 'running' | 'y'>;
type Linear = CallOf<Parameters<typeof matmulForward.cost>[0], 'x' | 'w' | 'bias' | 'y'>;
type Loss = CallOf<
  Parameters<typeof softmaxCrossEntropy.cost>[0],
  'logits' | 'labels' | 'counters' | 'rowLoss' | 'rowHit'
>;

/** What a tail is made of, and the calls from `start` to before `end` that it takes the place of. */
interface Tail {
  readonly norms: readonly Norm[];
  /** Of layers 1, 2, ... */
  readonly linears: readonly Linear[];
  readonly loss: Loss;
  /** Gradient of what the first batch norm is given. */
  readonly dx: Tensor;
  readonly start: number;
  readonly end: number;
}

/** Why calls are no tail. */
interface Refused {
  readonly refused: string;
}

const notTheLayers: Refused = {
  refused: 'it takes linear layers with bias, batch norm and ReLU in this order, for at most 1024 rows',
};

const tooWide: Refused = {
  refused: 'a layer behind the first is so wide that its product is summed in parts, or has no bias',
};

/** Batch norm with the ReLU behind it and a linear layer, one or more times; the loss; the same backwards. */
function findTail(calls: readonly KernelCall[]): Tail | Refused {
  const start = calls.findIndex(isCallOf(batchNormForward));
  const next = new Cursor(calls, start);
  const norms: Norm[] = [];
  const linears: Linear[] = [];
  for (let norm = next.take(batchNormForward); norm !== undefined; norm = next.take(batchNormForward)) {
    const linear = next.take(matmulForward);
    if (next.take(matmulForwardSplit) !== undefined) return tooWide;
    const isTied = norms.length === 0 || norm.tensors.x === linears.at(-1)!.tensors.y;
    if (linear?.tensors.x !== norm.tensors.y || !isTied || linear.shape.K !== norm.shape.N)
      return notTheLayers;
    if (norm.shape.RELU_AFTER !== 1 || norm.shape.RELU_BEFORE !== 0) return notTheLayers;
    norms.push(norm);
    linears.push(linear);
  }
  const loss = next.take(softmaxCrossEntropy);
  if (norms.length === 0 || loss?.tensors.logits !== linears.at(-1)!.tensors.y) return notTheLayers;
  let dy: Tensor = loss.tensors.dlogits;
  for (const [i, linear] of [...linears.entries()].reverse()) {
    const wgrad = next.take(matmulWgrad);
    if (wgrad?.tensors.dy !== dy || wgrad.tensors.x !== linear.tensors.x) return notTheLayers;
    // The last layer's bias has a gradient; batch norm makes those of the others 0.
    const bias = next.take(biasGradient);
    if ((bias !== undefined) !== (i === linears.length - 1)) return notTheLayers;
    const dgrad = next.take(matmulDgrad);
    const back = next.take(batchNormBackward);
    if (dgrad?.tensors.dy !== dy || back?.tensors.dy !== dgrad.tensors.dx) return notTheLayers;
    if (back.tensors.x !== norms[i]!.tensors.x) return notTheLayers;
    dy = back.tensors.dx;
  }
  return { norms, linears, loss, dx: dy, start, end: next.place };
}

const elementIn = (arena: Tensor, { offsetBytes }: Tensor): number => (offsetBytes - arena.offsetBytes) / 4;

/** The shape of a tail of this model. */
function shapeOf({ norms, linears, loss }: Tail, model: Model): NetTailShape | Refused {
  const { M, EPS, STATS_MOMENTUM, VARIANCE_FACTOR, FIRST_BATCH_SETS } = norms[0]!.shape;
  const kinds = new Set(norms.map(({ shape }) => shapeText({ ...shape, N: 0 })));
  if (kinds.size > 1) return { refused: 'its batch norms have different settings' };
  const { CLASSES, SMOOTHING } = loss.shape;
  const places = [
    ...norms.map(({ shape }, i) => [`N_${i}`, shape.N]),
    [`N_${norms.length}`, loss.shape.LD],
    ...linears.map(({ tensors }, i) => [`WEIGHT_${i + 1}`, elementIn(model.params, tensors.w)]),
    ...linears.map(({ tensors }, i) => [`BIAS_${i + 1}`, elementIn(model.params, tensors.bias)]),
    ...norms.map(({ tensors }, i) => [`AFFINE_${i}`, elementIn(model.params, tensors.affine)]),
    ...norms.map(({ tensors }, i) => [`RUNNING_${i}`, elementIn(model.running, tensors.running)]),
  ];
  return {
    ...{ M, LAYERS: norms.length + 1, CLASSES, SMOOTHING },
    ...{ EPS, STATS_MOMENTUM, VARIANCE_FACTOR, FIRST_BATCH_SETS },
    ...Object.fromEntries(places),
  };
}

/** Can this step have its tail in one workgroup, and is there a variant made for this adapter? */
export function isTailMadeFor(
  { calls, model }: { readonly calls: readonly KernelCall[]; readonly model: Model },
  capabilities: Capabilities,
): boolean {
  const tail = findTail(calls);
  const shape = 'refused' in tail ? tail : shapeOf(tail, model);
  if ('refused' in shape) return false;
  return netTail.variants.some((variant) => hopelessness(variant, shape, capabilities) === undefined);
}

/** The calls with these tensors in the place of others. */
const retied = (calls: readonly KernelCall[], replacements: ReadonlyMap<Tensor, Tensor>): KernelCall[] =>
  calls.map((original) => ({
    ...original,
    tensors: Object.fromEntries(
      Object.entries(original.tensors).map(([name, tensor]) => [name, replacements.get(tensor) ?? tensor]),
    ),
  }));

/**
 * Everything from the first batch norm to its gradient as one call of net-tail, whatever computes what that batch norm is given. Or why that
 * cannot be: other layers.
 */
export function tailInOneWorkgroup(
  calls: readonly KernelCall[],
  model: Model,
  allocator: Allocator,
): readonly KernelCall[] | Refused {
  const tail = findTail(calls);
  if ('refused' in tail) return tail;
  const shape = shapeOf(tail, model);
  if ('refused' in shape) return shape;
  const { norms, loss, dx, start, end } = tail;
  const { labels, counters, rowLoss, rowHit } = loss.tensors;
  const work = allocator.tensor('tail', tailWork(shape).size, model.replicas);
  const z = slice(work, 'first product and its gradient', 0, shape.M * norms[0]!.shape.N);
  const { params, grads, running } = model;
  const tensors = { params, labels, counters, work, running, grads, rowLoss, rowHit };
  const rest = retied(
    [...calls.slice(0, start), ...calls.slice(end)],
    new Map([
      [norms[0]!.tensors.x, z],
      [dx, z],
    ]),
  );
  return rest.toSpliced(start, 0, call('tail', netTail, shape, tensors));
}
