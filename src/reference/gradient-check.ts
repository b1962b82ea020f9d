/**
 * gradient-check: analytic gradients of the cost against central differences, per layer and parameter.
 *
 *     numeric = (cost(p + h) - cost(p - h)) / 2h,   error about h^2 |cost'''| / 6 + 2^-53 |cost| / h
 *
 * With h = 1e-6 the largest difference over nets of 3 and 9 layers, either order of batch norm and none, is 4e-10 to 5e-9,
 * nearly all of it rounding; with 1e-5 it is smaller for 3 layers (5e-11 to 1e-9) but up to 5e-7 for 9 layers, where batch
 * norm of units that are nearly dead bends the cost sharply. So differences above 1e-7 mean a wrong formula.
 *
 * Kinks. The cost is not differentiable where a ReLU's input is 0, and a central difference across such a point is
 * wrong by about the jump of the slope, however right the gradient. So the sign pattern of all ReLU inputs is compared
 * at p - h, p and p + h. If the three differ, a kink lies within the interval: the entry is left out, counted in
 * `kinks`, and another one takes its place while there are any. (Two crossings of the same ReLU within 2h cancel out
 * and would be missed; both would have to lie within 2h.)
 */
import { isTrained } from '../nn/layers/layer.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import { referenceLayer } from './layers/index.ts';
import { forwardFrom, l2Cost, netGradients, referenceNet } from './net.ts';
import { expectLength, type Numbers, type StateDict } from './numbers.ts';
import { softmaxCrossEntropy } from './softmax-cross-entropy.ts';
import { xorshift32 } from './xorshift.ts';

/** What to check and how. */
export interface GradientCheckOptions {
  readonly net: NetSpec;
  readonly params: StateDict;
  /** (B, inputs) */
  readonly x: Numbers;
  /** (B) */
  readonly labels: Numbers;
  /** Weight of sum w^2 in the cost. */
  readonly lambda: number;
  /** Of the labels in the loss; default 0. */
  readonly labelSmoothing?: number;
  /** Gradients of the cost to check, by name; default: those of `netGradients`. */
  readonly grads?: StateDict;
  /** Half the distance of the two points; default 1e-6. */
  readonly h?: number;
  /** Entries checked per tensor at most; default: all. */
  readonly samplesPerTensor?: number;
  /** Which entries are drawn when not all are checked; default 1. */
  readonly seed?: number;
  /** Told each tensor before it is checked. */
  readonly onTensor?: (name: string) => void;
}

/** One line of the report: one parameter tensor of one layer. */
export interface GradientCheckRow {
  /** Its number in names, from 0. */
  readonly layer: number;
  /** What the course report calls it: W, b, gamma, beta. */
  readonly parameter: string;
  /** Name in the state dict. */
  readonly name: string;
  /** Elements of the tensor. */
  readonly size: number;
  /** Entries compared; the statistics below are over these. */
  readonly checked: number;
  /** Entries left out because a ReLU changes sign within +-h. */
  readonly kinks: number;
  readonly analyticMean: number;
  readonly numericMean: number;
  /** |analyticMean - numericMean| */
  readonly meanDifference: number;
  /** Population standard deviation. */
  readonly analyticStd: number;
  readonly numericStd: number;
  /** |analyticStd - numericStd| */
  readonly stdDifference: number;
  /** max |analytic - numeric|; Infinity if an analytic gradient is not finite. */
  readonly maxDifference: number;
  /** max |analytic - numeric| / max(`relativeFloor`, |analytic| + |numeric|) */
  readonly maxRelativeDifference: number;
}

/**
 * The denominator of relative differences is at least this. Many gradients are 0 (biases before batch norm), and the
 * numeric ones are then rounding noise of 1e-10 to 1e-9, which must not look like an error of 100 %.
 */
export const relativeFloor = 1e-3;

/** Numbers in [0, 1) from a seed. */
function randomNumbers(seed: number): () => number {
  // A multiplicative scramble, so that small seeds do not start with small numbers; xorshift must not start at 0.
  const next = xorshift32(Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) || 1);
  return () => (next() >>> 0) / 2 ** 32;
}

/** 0 .. size - 1 in random order, drawn one at a time (Fisher-Yates). */
function* shuffledIndices(size: number, random: () => number): Generator<number> {
  const order = Uint32Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < size; i++) {
    const j = i + Math.floor(random() * (size - i));
    const index = order[j]!;
    order[j] = order[i]!;
    yield index;
  }
}

interface CostAndPattern {
  readonly cost: number;
  /** On which side of its kink each input is, for all ReLUs from the perturbed layer on. */
  readonly active: readonly (boolean | number)[];
}

const samePattern = (a: CostAndPattern, b: CostAndPattern): boolean =>
  a.active.every((value, i) => value === b.active[i]);

export function mean(values: Numbers): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}

/** Of a population. */
export function standardDeviation(values: Numbers): number {
  const center = mean(values);
  return Math.sqrt(mean(Float64Array.from(values, (value) => (value - center) ** 2)));
}

/** The largest absolute value, except that what is no number counts as infinite. */
export function largestDifference(differences: Numbers): number {
  let largest = 0;
  for (let i = 0; i < differences.length; i++) {
    const size = Math.abs(differences[i]!);
    largest = Math.max(largest, Number.isNaN(size) ? Number.POSITIVE_INFINITY : size);
  }
  return largest;
}

/**
 * Checks every parameter tensor of a net that is trained in training mode (batch norm with the batch's statistics).
 * @returns a row per layer and parameter, in the order W, b, gamma, beta
 * @throws RangeError if `grads` lacks a parameter, and if kinks leave nothing to check in a tensor (choose a smaller h)
 */
export function gradientCheck(options: GradientCheckOptions): GradientCheckRow[] {
  const entries = gradientCheckInTurns(options);
  for (;;) {
    const { done, value } = entries.next();
    if (done) return value;
  }
}

/** The same, yielding after each entry, so that the caller may do something else in between. */
export function* gradientCheckInTurns(
  options: GradientCheckOptions,
): Generator<undefined, GradientCheckRow[]> {
  const { net, params, x, labels, lambda, labelSmoothing = 0, h = 1e-6, seed = 1 } = options;
  const samplesPerTensor = options.samplesPerTensor ?? Number.POSITIVE_INFINITY;
  const B = labels.length;
  const random = randomNumbers(seed);
  const reference = referenceNet(net, params);
  const analyticPass = netGradients(net, params, { x, labels }, { lambda, labelSmoothing });
  const grads: StateDict = options.grads ?? analyticPass.grads;

  const rows: GradientCheckRow[] = [];
  for (const [from, layer] of reference.layers.entries()) {
    // What comes before a layer does not change with its parameters.
    const input = analyticPass.tapes[from]!.x;
    const evaluate = (): CostAndPattern => {
      const tapes = forwardFrom(reference, input, B, { mode: 'training', from });
      const { loss } = softmaxCrossEntropy(tapes.at(-1)!.y, labels, B, net.classes, labelSmoothing);
      const active = tapes.flatMap(({ pattern = [] }) => pattern);
      return { cost: mean(loss) + l2Cost(reference, lambda), active };
    };
    const trained = new Set(layer.parameters.filter(isTrained).map(({ name }) => name));
    const symbols = Object.entries(referenceLayer(layer.kind.kind).symbols);
    if (symbols.length === 0) continue;
    const center = evaluate();

    for (const [rest, parameter] of symbols) {
      const name = `${layer.name}.${rest}`;
      const values = reference.values[name];
      if (!values || !trained.has(rest)) continue;
      const given = grads[name];
      if (!given) throw new RangeError(`gradientCheck: grads has no ${name}`);
      expectLength('gradientCheck', name, given.data, values.length);
      options.onTensor?.(name);
      const gradient = given.data;

      const analytic: number[] = [];
      const numeric: number[] = [];
      let kinks = 0;
      for (const index of shuffledIndices(values.length, random)) {
        if (analytic.length >= samplesPerTensor) break;
        const value = values[index]!;
        values[index] = value + h;
        const above = evaluate();
        values[index] = value - h;
        const below = evaluate();
        values[index] = value;
        yield;
        if (!samePattern(center, above) || !samePattern(center, below)) {
          kinks++;
          continue;
        }
        analytic.push(gradient[index]!);
        // The distance that was really taken: value +- h are rounded.
        numeric.push((above.cost - below.cost) / (value + h - (value - h)));
      }
      if (analytic.length === 0) {
        throw new RangeError(`gradientCheck: kinks within h = ${h} of all ${kinks} entries of ${name}`);
      }
      const differences = analytic.map((value, j) => Math.abs(value - numeric[j]!));
      const relative = differences.map(
        (difference, j) =>
          difference / Math.max(relativeFloor, Math.abs(analytic[j]!) + Math.abs(numeric[j]!)),
      );
      rows.push({
        layer: layer.index,
        parameter,
        name,
        size: values.length,
        checked: analytic.length,
        kinks,
        analyticMean: mean(analytic),
        numericMean: mean(numeric),
        meanDifference: Math.abs(mean(analytic) - mean(numeric)),
        analyticStd: standardDeviation(analytic),
        numericStd: standardDeviation(numeric),
        stdDifference: Math.abs(standardDeviation(analytic) - standardDeviation(numeric)),
        maxDifference: largestDifference(differences),
        maxRelativeDifference: largestDifference(relative),
      });
    }
  }
  return rows;
}
