/**
 * Does a peer compute what we think it computes? A few steps against the float64 reference, before anything is timed.
 *
 * Compared: the loss of the last step, and for every tensor the relative error of its change,
 *
 *     |peer - reference| / |reference - initial|      (Euclidean norms over the tensor)
 *
 * and not element by element, since Adam divides each gradient by its own size: where a gradient is 0 but for rounding, its
 * sign decides about a whole step, in every framework. A few such elements move the norm of a tensor little; a wrong
 * formula moves it much.
 *
 * The bound is measured on the reference: the same steps are computed again with noise that stands for float32
 * arithmetic, several times, and the largest relative error of a tensor is multiplied by `safety`. The noise:
 *
 *   - each parameter before each step, and each input, times 1 + delta, |delta| <= 8 u, u = 2^-24: rounding in a sum of products
 *     is the exact sum of slightly different products (Higham, Accuracy and Stability of Numerical Algorithms, 2002, §3.1);
 *   - the learning rate of each step times 1 + delta, |delta| <= 2 u / (1 - b2): peers compute the bias correction 1 - b2^t in
 *     float32. b2^t errs by about t u, and 1 - b2^t is about t (1 - b2), so it errs by u / (1 - b2) = 6e-5 relatively; its
 *     root by half of that. The same for b1, a hundred times smaller. 4 times that, for implementations that round more often.
 *
 * On top come the roundings of the tensor itself, 8 u per step of its largest norm.
 *
 * A bound above `loosest` would accept mistakes (leaving the L2 term out moves a tensor by 5 % and more): such a work is refused.
 */
import { type NetShape, tensorName } from '../../src/reference/net.ts';
import type { Numbers } from '../../src/reference/numbers.ts';
import { initialState, type TrainState, trainStep } from '../../src/reference/train-step.ts';
import type { PeerStep } from './peer.ts';
import type { StepWork } from './work.ts';

const u = 2 ** -24;
const noiseSize = 8 * u;
const safety = 4;
const loosest = 0.03;

/** Truth and bound of a tensor's change. */
export interface TensorTruth {
  readonly name: string;
  readonly values: Float64Array;
  /** Norm of the change since the initial values; 0 for tensors that never change (biases that feed batch norm). */
  readonly change: number;
  /** Of the relative error of the change. */
  readonly bound: number;
}

/** What `steps` steps of a work lead to. */
export interface Truth {
  readonly steps: number;
  readonly loss: number;
  readonly lossBound: number;
  readonly tensors: readonly TensorTruth[];
}

/** Outcome of a comparison. */
export interface Agreement {
  readonly ok: boolean;
  /** The worst tensor, or what is missing: one line. */
  readonly text: string;
  /** Largest error / bound; over 1 fails. */
  readonly worstRatio: number;
}

const norm = (values: Numbers): number => {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! * values[i]!;
  return Math.sqrt(sum);
};

const distance = (a: Numbers, b: Numbers): number => norm(Float64Array.from(a, (value, i) => value - b[i]!));

/** Numbers in [-1, 1): xorshift32 (Marsaglia 2003, https://doi.org/10.18637/jss.v008.i14). */
function uniform(seed: number): () => number {
  let state = Math.imul(seed + 1, 0x9e3779b9) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
}

const netShape = ({ inputs, hidden, classes, batchNorm }: StepWork): NetShape => ({
  inputs,
  hidden,
  classes,
  batchNorm,
});

/** The state and the last loss after `steps` steps; `random` gives noise in [-1, 1), or 0 for the truth. */
export function referenceRun(
  work: StepWork,
  steps: number,
  random: () => number = () => 0,
): { loss: number; state: TrainState } {
  const net = netShape(work);
  const noisy = (values: Numbers) => Float64Array.from(values, (value) => value * (1 + noiseSize * random()));
  const initial = Object.fromEntries(work.initial.map((tensor) => [tensor.name, tensor]));
  let state = initialState(net, initial);
  let loss = Number.NaN;
  for (let step = 0; step < steps; step++) {
    const params = Object.fromEntries(
      Object.entries(state.params).map(([name, { shape, data }]) => [name, { shape, data: noisy(data) }]),
    );
    const learningRate = work.learningRate * (1 + ((2 * u) / (1 - work.optimizer.b2)) * random());
    const settings = { optimizer: work.optimizer, learningRate, lambda: work.lambda };
    const after = trainStep(net, { ...state, params }, noisy(work.x), work.labels, settings);
    loss = after.loss;
    state = after.state;
  }
  return { loss, state };
}

/** Biases of layers that feed batch norm: their gradient is 0 in exact arithmetic, and noise in float64. */
const freeBiases = (work: StepWork): Set<string> =>
  new Set(work.hidden.map((_, layer) => tensorName(layer, 'linear.bias')));

/**
 * Computes the truth of a work, about `steps * (draws + 1)` reference steps (some 0.3 s each for 3072 inputs).
 * @throws Error where rounding alone moves a tensor so much that a mistake would not show
 */
export function truthOf(work: StepWork, steps = 3, draws = 3): Truth {
  const { loss, state } = referenceRun(work, steps);
  const runs = Array.from({ length: draws }, (_, draw) => referenceRun(work, steps, uniform(draw)));
  const free = freeBiases(work);
  const tensors = work.initial.map(({ name, data: initial }) => {
    if (free.has(name)) return { name, values: Float64Array.from(initial), change: 0, bound: 0 };
    const values = state.params[name]!.data;
    const change = distance(values, initial);
    const noise = Math.max(...runs.map((run) => distance(run.state.params[name]!.data, values)));
    const bound = (safety * noise + noiseSize * steps * Math.max(norm(values), norm(initial))) / change;
    if (!(bound <= loosest)) {
      throw new Error(
        `agree: rounding moves ${name} by ${bound} of its change after ${steps} steps, mistakes would hide`,
      );
    }
    return { name, values, change, bound };
  });
  const lossNoise = Math.max(...runs.map((run) => Math.abs(run.loss - loss)));
  return { steps, loss, lossBound: safety * lossNoise + noiseSize * Math.abs(loss), tensors };
}

/** Compares numbers with the truth. */
export function compareWithTruth(
  truth: Truth,
  loss: number,
  parameters: Readonly<Record<string, Numbers>>,
): Agreement {
  const lossRatio = Math.abs(loss - truth.loss) / truth.lossBound;
  let worst = { ratio: lossRatio, text: `loss ${loss}, expected ${truth.loss} +- ${truth.lossBound}` };
  for (const { name, values, change, bound } of truth.tensors) {
    const actual = parameters[name];
    const fail = (text: string): Agreement => ({ ok: false, text: `${name}: ${text}`, worstRatio: Infinity });
    if (actual === undefined) return fail('missing');
    if (actual.length !== values.length) return fail(`${actual.length} elements, expected ${values.length}`);
    const error = distance(actual, values);
    const ratio = change === 0 ? (error === 0 ? 0 : Infinity) : error / change / bound;
    // NaN compares as false: written so that it becomes the worst and fails.
    if (!(ratio <= worst.ratio)) {
      const text =
        change === 0
          ? `${name}: moved by ${error}, must stay as it is`
          : `${name}: its change errs by ${(error / change).toExponential(1)}, bound ${bound.toExponential(1)}`;
      worst = { ratio, text };
      if (Number.isNaN(ratio)) break;
    }
  }
  return { ok: worst.ratio <= 1, text: worst.text, worstRatio: worst.ratio };
}

/** Runs a fresh step of a peer and compares. */
export async function agrees(step: PeerStep, truth: Truth): Promise<Agreement> {
  await step.run(truth.steps);
  return compareWithTruth(truth, await step.loss(), await step.parameters());
}
