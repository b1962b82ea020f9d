/**
 * Cases of a net's tail in one workgroup: one to four hidden layers, columns for several strips, smoothed labels, first and later batches.
 *
 * Bounds: rounding passes through several layers, so they are those of whole nets (rounding.ts), measured on the reference with noise on
 * all that it is given. Nets that have a ReLU's input within that noise are drawn anew.
 */
import { type NetTailShape, tailWidths, tailWork } from '../../kernels/net-tail.ts';
import type { BatchNormLayerSpec } from '../../nn/layers/batch-norm.ts';
import type { NetSpec } from '../../nn/net-spec.ts';
import { extractSegment, insertSegment, layOut, type ParameterLayout } from '../../nn/parameters.ts';
import { referenceLayer } from '../layers/index.ts';
import { contextOf, netGradients, referenceNet } from '../net.ts';
import { type Expected, expectedOf, isTight, type Noise, type Results } from '../rounding.ts';
import { softmaxCrossEntropy } from '../softmax-cross-entropy.ts';
import { type CaseBuilder, floats, type OpCheck } from './case.ts';

type TailOptions = Pick<NetTailShape, 'M' | 'CLASSES' | 'SMOOTHING' | 'STATS_MOMENTUM' | 'FIRST_BATCH_SETS'>;

const EPS = 1e-5;

/** The tail as a net of its own: its input is the first layer's product. `hidden`: multiples of 4. */
function netOf(
  hidden: readonly number[],
  { CLASSES, STATS_MOMENTUM, FIRST_BATCH_SETS }: TailOptions,
): NetSpec {
  const layers = hidden.flatMap((_, index) => {
    const norm: BatchNormLayerSpec & { readonly index: number } = {
      kind: 'batch-norm',
      eps: EPS,
      statsMomentum: STATS_MOMENTUM,
      runningVariance: 'unbiased',
      runningInit: FIRST_BATCH_SETS === 1 ? 'first-batch' : 'zero-one',
      index,
    };
    const outputs = hidden[index + 1] ?? CLASSES;
    return [norm, { kind: 'relu', index }, { kind: 'linear', outputs, index: index + 1 }] as const;
  });
  return { input: { features: hidden[0]! }, layers, classes: CLASSES };
}

function shapeOf(hidden: readonly number[], options: TailOptions): NetTailShape {
  const { M } = options;
  const { parameters, statistics } = layOut(netOf(hidden, options));
  const find = (name: string) => [...parameters, ...statistics].find((segment) => segment.name === name)!;
  const places = hidden.flatMap((N, i) => [
    [`N_${i}`, N],
    [`WEIGHT_${i + 1}`, find(`layers.${i + 1}.linear.weight`).start],
    [`BIAS_${i + 1}`, find(`layers.${i + 1}.linear.bias`).start],
    [`AFFINE_${i}`, find(`layers.${i}.bn.weight`).start],
    [`RUNNING_${i}`, find(`layers.${i}.bn.running_mean`).start],
  ]);
  const last = find(`layers.${hidden.length}.linear.bias`);
  return {
    ...{ ...options, LAYERS: hidden.length + 1, EPS, VARIANCE_FACTOR: M / (M - 1) },
    ...Object.fromEntries([...places, [`N_${hidden.length}`, last.ld]]),
  };
}

/** What a replica is given. */
interface Given {
  readonly z: Float32Array<ArrayBuffer>;
  readonly params: Float32Array<ArrayBuffer>;
  readonly running: Float32Array<ArrayBuffer>;
  readonly labels: Uint32Array<ArrayBuffer>;
  readonly step: number;
}

/** Random values for everything; padding is 0, as in training. */
function draw(
  build: CaseBuilder,
  shape: NetTailShape,
  { parameters, statistics, ...sizes }: ParameterLayout,
): Given {
  const params = new Float32Array(sizes.parameterCount);
  for (const segment of parameters) {
    const { torchShape, decays, init } = segment.parameter;
    const size = torchShape.reduce((product, one) => product * one, 1);
    const std = decays ? Math.sqrt(2 / torchShape[1]!) : 0.3;
    insertSegment(params, segment, build.normals(size, init === 1 ? 1 : 0, std));
  }
  const running = new Float32Array(sizes.statisticCount);
  for (const segment of statistics)
    insertSegment(
      running,
      segment,
      floats(segment.size, () => build.uniform()),
    );
  return {
    z: build.normals(shape.M * tailWidths(shape)[0]!, 1, 2),
    params,
    running,
    labels: Uint32Array.from({ length: shape.M }, () => build.below(shape.CLASSES)),
    step: build.below(2),
  };
}

/** All that the tail computes, by the names of the reference; `z`: its gradient. */
function reference(
  net: NetSpec,
  layout: ParameterLayout,
  given: Given,
  shape: NetTailShape,
  noise: Noise,
): Results {
  const { z, params, running, labels, step } = given;
  const segments = [
    ...layout.parameters.map((segment) => extractSegment(params, segment)),
    ...layout.statistics.map((segment) => extractSegment(running, segment)),
  ];
  const state = Object.fromEntries(segments.map((one) => [one.name, { ...one, data: noise(one.data) }]));
  const { M, CLASSES, SMOOTHING: labelSmoothing } = shape;
  const { tapes, logits, lossGrads } = netGradients(net, state, { x: noise(z), labels }, { labelSmoothing });
  const { loss, hit, dlogits } = softmaxCrossEntropy(logits, labels, M, CLASSES, labelSmoothing);
  const dz = tapes.reduceRight((dy, { backward }) => backward(dy).dx, dlogits);
  const known = referenceNet(net, state);
  const statistics = tapes.flatMap(({ layer, moments }) => {
    if (moments === undefined) return [];
    const context = contextOf(known, layer, M, 'training');
    const after = referenceLayer(layer.kind.kind).runningAfter!(
      context,
      moments,
      step === 0 ? 'first' : 'later',
    );
    return Object.entries(after).map(([rest, values]) => [`${layer.name}.${rest}`, values] as const);
  });
  return {
    ...Object.fromEntries(Object.entries(lossGrads).map(([name, { data }]) => [name, data])),
    ...Object.fromEntries(statistics),
    ...{ z: dz, rowLoss: loss, rowHit: hit },
  };
}

/** A bias in front of batch norm has no gradient: only the last layer's has. */
const isComputed = (name: string, { LAYERS }: NetTailShape): boolean =>
  !name.endsWith('.linear.bias') || name === `layers.${LAYERS - 1}.linear.bias`;

const usual = { SMOOTHING: 0, STATS_MOMENTUM: 0.1, FIRST_BATCH_SETS: 1 } as const;

export const netTailCheck: OpCheck<NetTailShape> = {
  shapes: () => [
    shapeOf([4], { ...usual, M: 5, CLASSES: 3 }),
    shapeOf([12, 8], {
      ...usual,
      M: 17,
      CLASSES: 10,
      SMOOTHING: 0.1,
      STATS_MOMENTUM: 0.25,
      FIRST_BATCH_SETS: 0,
    }),
    shapeOf([16, 12, 8, 20], { ...usual, M: 40, CLASSES: 5 }),
    shapeOf([68, 72], { ...usual, M: 11, CLASSES: 10 }),
    shapeOf([52, 52], { ...usual, M: 100, CLASSES: 10 }),
  ],
  build(build, shape) {
    const hidden = tailWidths(shape).slice(0, -1);
    const net = netOf(hidden, shape);
    const layout = layOut(net);
    const expectedFor = (given: Given) =>
      expectedOf((noise) => reference(net, layout, given, shape, noise), 6);
    const isClear = (expected: Readonly<Record<string, Expected>>) =>
      Object.entries(expected).every(([name, one]) => !isComputed(name, shape) || isTight(one, 1e-3));
    const drawn = Array.from({ length: build.replicas }, () => {
      let given = draw(build, shape, layout);
      for (let more = 20; more > 0 && !isClear(expectedFor(given)); more--)
        given = draw(build, shape, layout);
      return given;
    });
    const zSize = shape.M * hidden[0]!;
    const params = build.input('params', (r) => drawn[r]!.params);
    const labels = build.input('labels', (r) => drawn[r]!.labels);
    const counters = build.input('counters', (r) => build.counters(7 * drawn[r]!.step));
    const work = build.input('work', (r) => {
      const all = new Float32Array(tailWork(shape).size).fill(Number.NaN);
      all.set(drawn[r]!.z);
      return all;
    });
    const running = build.input('running', (r) => drawn[r]!.running);
    const grads = build.input('grads', () => build.normals(layout.parameterCount));
    const results = Array.from({ length: build.replicas }, (_, r) => {
      const z = work(r).slice(0, zSize);
      const given = { z, params: params(r), running: running(r), labels: labels(r), step: counters(r)[0]! };
      const expected = expectedFor(given);
      /** An arena in which these tensors are new and everything else is as it was. */
      const arena = (before: Float32Array, segments: ParameterLayout['parameters']) => {
        const [values, bound] = [Float64Array.from(before), new Float64Array(before.length)];
        for (const segment of segments.filter(({ name }) => isComputed(name, shape))) {
          const { start, size, name } = segment;
          values.fill(0, start, start + size);
          bound.fill(expected[name]!.bound, start, start + size);
          insertSegment(values, segment, expected[name]!.values);
        }
        return { values, bound };
      };
      const free = new Float64Array(work(r).length).fill(Number.NaN);
      free.set(expected.z!.values);
      return {
        work: { values: free, bound: expected.z!.bound },
        running: arena(running(r), layout.statistics),
        grads: arena(grads(r), layout.parameters),
        rowLoss: expected.rowLoss!,
        rowHit: { values: Uint32Array.from(expected.rowHit!.values), bound: 0 },
      };
    });
    for (const name of ['work', 'running', 'grads', 'rowLoss', 'rowHit'] as const) {
      build.expect(name, (r) => results[r]![name]);
    }
  },
};
