/**
 * Does a peer compute what we think it computes? A few steps against the float64 reference, before anything is timed.
 *
 * Compared: the loss of the last step, and for every tensor the relative error of its change,
 *
 *     sum |peer - reference| / sum |reference - initial|      (over the tensor's elements)
 *
 * and not element by element, since Adam divides each gradient by its own size: where a gradient is 0 but for rounding, its
 * sign decides about a whole step, in every framework. Some 1e-5 of the elements are like that: they move the sum by
 * 1e-5 of it (and a Euclidean norm by the root of that, which is why it is none). A wrong formula moves it much.
 *
 * The bound is measured on the reference: the same steps are computed again with noise that stands for float32
 * arithmetic, as often as `truthOf` is told, and the largest relative error of a tensor is multiplied by `safety`. The noise:
 *
 *   - each parameter before each step, and each input, times 1 + delta, |delta| <= max(8, sqrt(K)) u, u = 2^-24, K the terms of
 *     the sum it enters: rounding in a sum of products is the exact sum of slightly different products, by n u in the worst
 *     case (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1), by some sqrt(n) u in fact (Higham & Mary
 *     2019, https://doi.org/10.1137/18M1226312). 8 u alone, for K = 3072, was less noise than three peers of four have;
 *   - the learning rate of each step times 1 + delta, |delta| <= 2 u / (1 - b2): peers compute the bias correction 1 - b2^t in
 *     float32. b2^t errs by about t u, and 1 - b2^t is about t (1 - b2), so it errs by u / (1 - b2) = 6e-5 relatively; its
 *     root by half of that. The same for b1, a hundred times smaller. 4 times that, for implementations that round more often.
 *
 *   - each statistic is a sum over the rows of its layer, every pixel of every sample: added one after the other, some sqrt(rows) u of it,
 *     which the loss depends on. A gradient's terms have either sign, so that their absolute values add up to some sqrt(rows) times
 *     the sum: rows u, where that is more.
 *
 * On top come the roundings of the tensor itself, 8 u of its size per step.
 *
 * Where a ReLU's input lies within the noise of 0, a peer may take the other side, and a gradient jumps: seeds of works are
 * chosen so that none does in the first step of a fully connected net; of the millions of activations of a convolutional one
 * some always do. Later steps start where Adam's first update has magnified the noise, so
 * their bounds are looser. A bound above `loosest` would accept mistakes (leaving the L2 term out
 * moves some tensor by 4 to 9 %, one label of a hundred by 10 %): such a work is refused.
 */
import { randomStream } from '../../src/data/random.ts';
import { resolveNet } from '../../src/nn/net.ts';
import type { NetSpec } from '../../src/nn/net-spec.ts';
import { absMatmul, matmul } from '../../src/reference/matmul.ts';
import type { Numbers } from '../../src/reference/numbers.ts';
import { compare, describeComparison, sumBound } from '../../src/reference/tolerance.ts';
import { initialState, type TrainState, trainStep } from '../../src/reference/train-step.ts';
import { uniform } from '../../src/reference/xorshift.ts';
import { type ConvWork, convWorkLayers } from './conv-work.ts';
import type { PeerStep } from './peer.ts';
import { netOf, type StepWork } from './work.ts';

/** A work of either kind. */
export type AnyWork = StepWork | ConvWork;

const u = 2 ** -24;
const noiseSize = 8 * u;
const safety = 4;
/** Relative. WGSL grants exp(x) 3 + 2 |x| ULP (https://www.w3.org/TR/WGSL/#floating-point-accuracy); |x| up to 8 in a softmax. */
const lossAccuracy = 38 * u;
/** By the number of steps done: the first, and later ones. */
const loosest = [0.03, 0.05] as const;

/** Truth and bound of a tensor's change. */
export interface TensorTruth {
  readonly name: string;
  readonly values: Float64Array;
  /** Sum of the absolute changes since the initial values; 0 for tensors that never change (biases that feed batch norm). */
  readonly change: number;
  /** Of the relative error of the change. */
  readonly bound: number;
}

/** What a work leads to after some steps. */
export interface Checkpoint {
  readonly steps: number;
  /** Of the last step's batch. */
  readonly loss: number;
  readonly lossBound: number;
  readonly tensors: readonly TensorTruth[];
}

/** Checkpoints after 1, 2, ... steps. */
export type Truth = readonly Checkpoint[];

/** Outcome of a comparison. */
export interface Agreement {
  readonly ok: boolean;
  /** The worst tensor, or what is missing: one line. */
  readonly text: string;
  /** Largest error / bound; over 1 fails. */
  readonly worstRatio: number;
}

/** Sum of absolute values. */
const size = (values: Numbers): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += Math.abs(values[i]!);
  return sum;
};

const distance = (a: Numbers, b: Numbers): number => size(Float64Array.from(a, (value, i) => value - b[i]!));

/** Loss and state after one step. */
interface RunStep {
  readonly loss: number;
  readonly state: TrainState;
}

/** What the reference needs of a work. */
interface Asked {
  readonly net: NetSpec;
  /** Terms of the first layer's sums. */
  readonly terms: number;
  /** Largest relative error of the learning rate that rounding makes. */
  readonly rateNoise: number;
  /** Biases of layers that feed batch norm: their gradient is 0 in exact arithmetic, and noise in float64. */
  readonly free: ReadonlySet<string>;
  readonly labelSmoothing: number;
}

/** Rows of the layer that a tensor belongs to. */
function rowsOf(net: NetSpec, batchSize: number, tensor: string): number {
  const layer = resolveNet(net).find(({ name }) => tensor.startsWith(`${name}.`));
  if (layer === undefined || 'features' in layer.output) return batchSize;
  return batchSize * layer.output.height * layer.output.width;
}

function asked(work: AnyWork): Asked {
  if ('inputs' in work) {
    return {
      net: netOf(work),
      terms: work.inputs,
      rateNoise: (2 * u) / (1 - work.optimizer.b2),
      free: new Set(work.hidden.map((_, layer) => `layers.${layer}.linear.bias`)),
      labelSmoothing: 0,
    };
  }
  const layers = convWorkLayers(work);
  return {
    net: work.net,
    terms: layers[0]!.parameters[0]!.rows,
    rateNoise: 0,
    free: new Set(layers.filter(({ isFree }) => isFree).map(({ name }) => `${name}.bias`)),
    labelSmoothing: work.labelSmoothing,
  };
}

/** Terms of the sums that a parameter enters. */
const termsOf = (shape: readonly number[]): number =>
  shape.slice(1).reduce((product, size) => product * size, 1);

/** Every one of `steps` reference steps; `random` gives noise in [-1, 1), or 0 for the truth. */
export function referenceRun(work: AnyWork, steps: number, random: () => number = () => 0): RunStep[] {
  const { net, terms, rateNoise, labelSmoothing } = asked(work);
  const noisy = (values: Numbers, terms: number) => {
    const size = Math.max(noiseSize, Math.sqrt(terms) * u);
    return Float64Array.from(values, (value) => value * (1 + size * random()));
  };
  let state = initialState(net, Object.fromEntries(work.initial.map((tensor) => [tensor.name, tensor])));
  return Array.from({ length: steps }, () => {
    const params = Object.fromEntries(
      Object.entries(state.params).map(([name, { shape, data }]) => [
        name,
        { shape, data: noisy(data, termsOf(shape)) },
      ]),
    );
    const learningRate = work.learningRate * (1 + rateNoise * random());
    const settings = { optimizer: work.optimizer, learningRate, lambda: work.lambda, labelSmoothing };
    const after = trainStep(
      net,
      { ...state, params },
      { x: noisy(work.x, terms), labels: work.labels },
      settings,
    );
    state = after.state;
    return { loss: after.loss, state };
  });
}

/** Truth and bounds after `index + 1` steps. */
function checkpoint(work: AnyWork, truth: RunStep, noisy: readonly RunStep[], index: number): Checkpoint {
  const steps = index + 1;
  const limit = loosest[Math.min(index, 1) as 0 | 1];
  const { net, free } = asked(work);
  const tensors = work.initial.map(({ name, data: initial }) => {
    if (free.has(name)) return { name, values: Float64Array.from(initial), change: 0, bound: 0 };
    const values = truth.state.params[name]!.data;
    const change = distance(values, initial);
    const summing = rowsOf(net, work.batchSize, name) * u * change;
    const noise = Math.max(...noisy.map(({ state }) => distance(state.params[name]!.data, values)));
    const bound =
      (Math.max(safety * noise, summing) + noiseSize * steps * Math.max(size(values), size(initial))) /
      change;
    if (!(bound <= limit)) {
      throw new Error(
        `agree: after ${steps} steps rounding alone may move ${name} by ${bound} of its change, mistakes would hide: take another seed`,
      );
    }
    return { name, values, change, bound };
  });
  const lossNoise = Math.max(...noisy.map(({ loss }) => Math.abs(loss - truth.loss)));
  const mostRows = Math.max(...work.initial.map(({ name }) => rowsOf(net, work.batchSize, name)));
  const statisticsNoise = Math.sqrt(mostRows) * u;
  const lossBound = safety * lossNoise + (lossAccuracy + safety * statisticsNoise) * Math.abs(truth.loss);
  return { steps, loss: truth.loss, lossBound, tensors };
}

/**
 * Computes the truth of a work: `steps * (draws + 1)` reference steps of some 0.3 s each for 3072 inputs.
 * @throws Error where rounding alone moves a tensor so much that a mistake would not show
 */
export function truthOf(work: AnyWork, steps = 2, draws = 4): Truth {
  const truth = referenceRun(work, steps);
  const noisy = Array.from({ length: draws }, (_, draw) => referenceRun(work, steps, uniform(draw)));
  return truth.map((step, index) =>
    checkpoint(
      work,
      step,
      noisy.map((run) => run[index]!),
      index,
    ),
  );
}

/** Compares numbers with a checkpoint. */
export function compareWithTruth(
  { steps, loss: expectedLoss, lossBound, tensors }: Checkpoint,
  loss: number,
  parameters: Readonly<Record<string, Numbers>>,
): Agreement {
  const after = `after step ${steps}: `;
  const ratios = tensors.map(({ name, values, change, bound }) => {
    const actual = parameters[name];
    if (actual?.length !== values.length) {
      return { ratio: Number.POSITIVE_INFINITY, text: `${name} has ${actual?.length ?? 'no'} elements` };
    }
    const error = distance(actual, values);
    if (change === 0) {
      return {
        ratio: error === 0 ? 0 : Number.POSITIVE_INFINITY,
        text: `${name} moved by ${error}, it must not`,
      };
    }
    const text = `the change of ${name} errs by ${(error / change).toExponential(1)}, bound ${bound.toExponential(1)}`;
    return { ratio: error / change / bound, text };
  });
  ratios.push({
    ratio: Math.abs(loss - expectedLoss) / lossBound,
    text: `loss ${loss}, expected ${expectedLoss} +- ${lossBound.toExponential(1)}`,
  });
  // NaN fails every comparison: it counts as infinitely wrong.
  const asNumber = (ratio: number) => (Number.isNaN(ratio) ? Number.POSITIVE_INFINITY : ratio);
  const worst = ratios.reduce((a, b) => (asNumber(b.ratio) > asNumber(a.ratio) ? b : a));
  const worstRatio = asNumber(worst.ratio);
  return { ok: worstRatio <= 1, text: after + worst.text, worstRatio };
}

/** Runs a fresh step of a peer from checkpoint to checkpoint; the first that fails, or the worst. */
export async function agrees(step: PeerStep, truth: Truth): Promise<Agreement> {
  let worst: Agreement | undefined;
  for (const point of truth) {
    await step.run(1);
    const agreement = compareWithTruth(point, await step.loss(), await step.parameters());
    if (!agreement.ok) return agreement;
    if (worst === undefined || agreement.worstRatio > worst.worstRatio) worst = agreement;
  }
  if (worst === undefined) throw new Error('agree: a truth without checkpoints');
  return worst;
}

/** Random operands of c(M,N) = a(M,K) · b(K,N), and the comparison of a peer's c, element by element (tolerance.ts: `sumBound`). */
export function matmulTruth(M: number, N: number, K: number, seed = 1) {
  const stream = randomStream(seed, 'test', 3);
  const a = Float32Array.from({ length: M * K }, () => stream.normal());
  const b = Float32Array.from({ length: K * N }, () => stream.normal());
  const noBias = new Float64Array(N);
  const expected = matmul(a, b, noBias, { M, K, N });
  const bound = sumBound(absMatmul(a, b, noBias, { M, K, N }), K);
  return {
    a,
    b,
    compare(actual: Numbers): Agreement {
      const comparison = compare(actual, expected, bound);
      return {
        ok: comparison.ok,
        text: describeComparison(comparison),
        worstRatio: comparison.worst?.ratio ?? 0,
      };
    },
  };
}
