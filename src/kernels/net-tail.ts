// A training pass behind the first layer's product, in one workgroup per replica.
import { gpus } from '../gpu/adapter-kind.ts';
import { defineKernel, read, readWrite, type Variant } from './kernel.ts';
import { shader } from './shader.ts';

/** The tail of a net: linear layers 0 (whose product is given) to LAYERS - 1, batch norm and ReLU behind all but the last. */
export type NetTailShape = {
  /** Rows of the batch. */
  readonly M: number;
  readonly LAYERS: number;
  readonly CLASSES: number;
  readonly SMOOTHING: number;
  readonly EPS: number;
  readonly STATS_MOMENTUM: number;
  readonly VARIANCE_FACTOR: number;
  readonly FIRST_BATCH_SETS: 0 | 1;
} & Readonly<Record<TailPlace, number>>;

/**
 * Of layer i: N_i, its columns padded to a multiple of 4; and the first elements of its tensors in the arenas of parameters and running
 * statistics, multiples of 4: WEIGHT_i and BIAS_i but of layer 0, AFFINE_i and RUNNING_i but of the last.
 */
type TailPlace = `${'N' | 'WEIGHT' | 'BIAS' | 'AFFINE' | 'RUNNING'}_${number}`;

/** [values of NAME_from ... NAME_(to-1)], 0 for those that a shape does not have. */
const listed = (shape: NetTailShape, name: string, count: number): number[] =>
  Array.from({ length: count }, (_, i) => shape[`${name}_${i}` as TailPlace] ?? 0);

/** Columns of each layer. */
export const tailWidths = (shape: NetTailShape): readonly number[] => listed(shape, 'N', shape.LAYERS);

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** Where the elements of `work` lie, and how many there are: z and y of each layer in turn, then dy of one. */
export function tailWork(shape: NetTailShape) {
  const widths = tailWidths(shape);
  const before = (i: number) => 2 * shape.M * sumOf(widths.slice(0, i));
  const DY = before(widths.length - 1) + shape.M * widths.at(-1)!;
  return {
    z: widths.map((_, i) => before(i)),
    y: widths.map((N, i) => before(i) + shape.M * N),
    DY,
    size: DY + shape.M * Math.max(...widths.slice(0, -1)),
  };
}

/** Multiply-adds of the layers' products, forward. */
function products(shape: NetTailShape): number {
  const widths = tailWidths(shape);
  return shape.M * sumOf(widths.slice(1).map((N, i) => N * widths[i]!));
}

/** A workgroup that runs longer than about a tenth of a second may be taken for a hang. */
const mostProducts = 2e8;

const tail = (INVOCATIONS: number, LANES: number): Variant<NetTailShape> => ({
  name: `workgroup-${INVOCATIONS}`,
  source: shader('net-tail/workgroup'),
  madeFor: gpus,
  ...(INVOCATIONS > 256 && { invocations: INVOCATIONS }),
  refuses(shape, { maxWorkgroupStorageSize }) {
    // A vec4f per invocation for sums, two per vec4 of columns for statistics.
    const bytes = 16 * INVOCATIONS + 8 * sumOf(tailWidths(shape).slice(0, -1));
    if (bytes > maxWorkgroupStorageSize) {
      return `${bytes} bytes of workgroup memory, the adapter has ${maxWorkgroupStorageSize}`;
    }
    if (products(shape) > mostProducts) return 'too much work for one workgroup';
    return undefined;
  },
  constants(shape) {
    const { M, LAYERS, CLASSES, SMOOTHING, EPS, STATS_MOMENTUM, VARIANCE_FACTOR, FIRST_BATCH_SETS } = shape;
    const HIDDEN = LAYERS - 1;
    const inVecs = (values: readonly number[]) => values.map((value) => value / 4);
    const widths = tailWidths(shape);
    const { z, y, DY } = tailWork(shape);
    return {
      ...{ M, LAYERS, HIDDEN, CLASSES, SMOOTHING, EPS, STATS_MOMENTUM, VARIANCE_FACTOR, FIRST_BATCH_SETS },
      N4: inVecs(widths),
      WEIGHT: inVecs(listed(shape, 'WEIGHT', LAYERS)),
      BIAS: inVecs(listed(shape, 'BIAS', LAYERS)),
      Z: inVecs(z),
      Y: inVecs(y),
      AFFINE: inVecs(listed(shape, 'AFFINE', HIDDEN)),
      RUNNING: inVecs(listed(shape, 'RUNNING', HIDDEN)),
      STATISTICS: inVecs(widths.slice(0, -1).map((_, i) => sumOf(widths.slice(0, i)))),
      DY: DY / 4,
      COLUMNS: sumOf(widths.slice(0, -1)) / 4,
      INVOCATIONS,
      LANES,
    };
  },
  grid: () => [1, 1],
});

/**
 * From z, the first layer's product, in `work`: batch norm, ReLU, the other layers, loss and hits of the rows, gradients of all parameters but those of
 * the first layer, and dz in the place of z.
 */
export const netTail = defineKernel({
  op: 'net-tail',
  bindings: [
    read('params'),
    read('labels'),
    read('counters'),
    readWrite('work'),
    readWrite('running'),
    readWrite('grads'),
    readWrite('rowLoss'),
    readWrite('rowHit'),
  ],
  cost: (shape: NetTailShape) => ({
    flops: 6 * products(shape),
    bytes: 8 * shape.M * tailWidths(shape)[0]!,
  }),
  variants: [tail(256, 16), tail(512, 32), tail(1024, 32)],
});
