/**
 * gradient-report: the course report's listing. Two lines per parameter tensor:
 *
 *     numeric   float64 gradients of the cost against central differences, for a few entries (gradient-check.ts)
 *     GPU       float32 gradients of the loss against the float64 ones, for every entry (rounding.ts)
 *
 * The first says that the formulas are right, the second that the kernels compute them. A bound of the second that
 * would hide a mistake, because a ReLU switches within rounding, gives no verdict.
 */

import { resolveNet } from '../nn/net.ts';
import type { NetSpec } from '../nn/net-spec.ts';
import {
  type GradientCheckRow,
  gradientCheck,
  largestDifference,
  mean,
  standardDeviation,
} from './gradient-check.ts';
import { netGradients } from './net.ts';
import type { Numbers, StateDict } from './numbers.ts';
import { type Expected, expectedOf, isTight } from './rounding.ts';

/** What the gradients are of. */
export interface GradientCase {
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
}

/** `unclear`: within a bound that is too wide to tell. */
export type Verdict = 'ok' | 'wrong' | 'unclear';

/** A comparison of one parameter tensor of one layer. */
export interface GradientLine {
  /** From 0. */
  readonly layer: number;
  readonly parameter: GradientCheckRow['parameter'];
  /** Name in the state dict. */
  readonly name: string;
  /** What is compared with the float64 gradients. */
  readonly compared: 'numeric' | 'GPU';
  /** Elements of the tensor, and how many were compared; the statistics are over these. */
  readonly size: number;
  readonly entries: number;
  /** Entries left out because a ReLU changes sign within the central difference. */
  readonly kinks: number;
  /** Of the float64 gradients. */
  readonly mean: number;
  /** Population standard deviation. */
  readonly std: number;
  readonly meanDifference: number;
  readonly stdDifference: number;
  /** Infinity where a number is not finite. */
  readonly maxDifference: number;
  /** What `maxDifference` may be. */
  readonly limit: number;
  readonly verdict: Verdict;
}

/** What central differences may differ by: five times and more what they do, see gradient-check.ts. */
export const numericLimit = 1e-7;

/**
 * A bound may be this fraction of a tensor's largest gradient. The bounds are 1e-6 to 1e-4 of it; one that a switching ReLU
 * widens is far larger; the smallest mistake, one sample of the batch too few, is about 1 / batch size.
 */
const tightness = 1e-3;

/** Gradients that are 0 but for the rounding of float64. */
const float64Noise = 1e-12;

/** The gradients of the loss in float64, by name, with the bounds of float32 ones. */
export function gradientBounds({
  net,
  params,
  x,
  labels,
  labelSmoothing,
}: GradientCase): Record<string, Expected> {
  return expectedOf((noise) => {
    const noisy = Object.fromEntries(
      Object.entries(params).map(([name, { shape, data }]) => [name, { shape, data: noise(data) }]),
    );
    const { lossGrads } = netGradients(
      net,
      noisy,
      { x: noise(x), labels },
      { labelSmoothing: labelSmoothing ?? 0 },
    );
    return Object.fromEntries(Object.entries(lossGrads).map(([name, { data }]) => [name, data]));
  });
}

const isClearBound = (bound: Expected): boolean => bound.largest < float64Noise || isTight(bound, tightness);

/** No bound is too wide to tell. */
export const areClear = (bounds: Readonly<Record<string, Expected>>): boolean =>
  Object.values(bounds).every(isClearBound);

/** Names of biases in front of batch norm, which subtracts what they add: the kernels do not compute their gradients, exactly 0. */
export function freeBiases(net: NetSpec): ReadonlySet<string> {
  const layers = resolveNet(net);
  const free = layers.filter((_, place) => layers[place + 1]?.kind.kind === 'batch-norm');
  return new Set(free.map(({ name }) => `${name}.bias`));
}

/**
 * Both comparisons of every tensor, layer by layer.
 * @param gpu float32 gradients of the loss by name, PyTorch's layout
 * @param bounds those of `gradientBounds` for the same case
 * @throws RangeError where a tensor is missing or has another size
 */
export function gradientReport(
  gradientCase: GradientCase,
  gpu: Readonly<Record<string, Numbers>>,
  bounds: Readonly<Record<string, Expected>>,
  options: {
    /** Entries of a tensor that central differences are taken of. */
    readonly entries: number;
    /** Which entries are drawn. */
    readonly seed?: number;
    readonly onTensor?: (name: string) => void;
  },
): GradientLine[] {
  const { entries, ...others } = options;
  const rows = gradientCheck({ ...gradientCase, ...others, samplesPerTensor: entries });
  return gradientLines(gradientCase, rows, gpu, bounds);
}

/** The same of rows that `gradientCheck` made for the case. */
export function gradientLines(
  { net }: GradientCase,
  rows: readonly GradientCheckRow[],
  gpu: Readonly<Record<string, Numbers>>,
  bounds: Readonly<Record<string, Expected>>,
): GradientLine[] {
  const free = freeBiases(net);
  return rows.flatMap((row) => [
    numericLine(row),
    gpuLine(row, gpu[row.name], bounds[row.name]!, free.has(row.name)),
  ]);
}

function numericLine(row: GradientCheckRow): GradientLine {
  const { layer, parameter, name, size, checked, kinks, meanDifference, stdDifference, maxDifference } = row;
  return {
    layer,
    parameter,
    name,
    compared: 'numeric',
    size,
    entries: checked,
    kinks,
    mean: row.analyticMean,
    std: row.analyticStd,
    meanDifference,
    stdDifference,
    maxDifference,
    limit: numericLimit,
    verdict: maxDifference <= numericLimit ? 'ok' : 'wrong',
  };
}

function gpuLine(
  { layer, parameter, name, size }: GradientCheckRow,
  gpu: Numbers | undefined,
  expected: Expected,
  isZero: boolean,
): GradientLine {
  if (gpu?.length !== size) {
    throw new RangeError(`gradientReport: ${name} has ${gpu?.length ?? 'no'} gradients, not ${size}`);
  }
  const { values, largest, bound } = expected;
  const exact = isZero && largest < float64Noise ? values.map(() => 0) : values;
  const actual = Float64Array.from(gpu);
  const limit = isZero ? 0 : bound;
  const maxDifference = largestDifference(actual.map((value, i) => value - exact[i]!));
  const isClear = isZero || isClearBound(expected);
  return {
    layer,
    parameter,
    name,
    compared: 'GPU',
    size,
    entries: size,
    kinks: 0,
    mean: mean(exact),
    std: standardDeviation(exact),
    meanDifference: Math.abs(mean(actual) - mean(exact)),
    stdDifference: Math.abs(standardDeviation(actual) - standardDeviation(exact)),
    maxDifference,
    limit,
    verdict: maxDifference > limit ? 'wrong' : isClear ? 'ok' : 'unclear',
  };
}
