import { defineKernel, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';
import { shader } from './shader.ts';

/** All parameters of a replica lie in one flat array: one dispatch updates the whole net. */
export type UpdateShape = {
  /** Parameters of a replica. */
  readonly COUNT: number;
  /** The first of them that are weight matrices, which the L2 term is for. */
  readonly DECAYED: number;
  readonly REPLICAS: number;
  /** SGD: added to the gradient, times the parameter. Adam: what the parameter is shrunk by, times the rate (AdamW). */
  readonly WEIGHT_DECAY: number;
  /** Parameters at the start that are left alone: bindings begin at multiples of 64. */
  readonly SKIP: number;
};

export type MomentumShape = UpdateShape & { readonly MOMENTUM: number; readonly NESTEROV: 0 | 1 };
export type AdamShape = UpdateShape & { readonly B1: number; readonly B2: number; readonly EPS: number };

const width = ({ COUNT }: UpdateShape, vecs: number): number => Math.ceil(COUNT / 4 / vecs);

type Own<S> = Pick<Variant<S & UpdateShape>, 'constants' | 'flags'>;

/** One and sixteen vec4 per invocation. */
const vec4 = <S extends UpdateShape>(source: string, own: Own<S>): Variant<S>[] =>
  [1, 16].map((vecs) => ({
    name: vecs === 1 ? 'vec4' : `vec4-${vecs}`,
    source,
    refuses: wantsMultiplesOf4<S>('COUNT', 'DECAYED', 'SKIP'),
    flags: (shape) => ({
      DECAYS: shape.WEIGHT_DECAY !== 0,
      SKIPS: shape.SKIP !== 0,
      ...own.flags?.(shape),
    }),
    constants: (shape) => {
      const { COUNT, DECAYED, REPLICAS, WEIGHT_DECAY, SKIP } = shape;
      return {
        COUNT,
        DECAYED,
        REPLICAS,
        ...own.constants(shape),
        ...(WEIGHT_DECAY !== 0 && { WEIGHT_DECAY }),
        ...(SKIP !== 0 && { SKIP }),
        VECS: vecs,
        WIDTH: width(shape, vecs),
      };
    },
    grid: (shape) => [Math.ceil(width(shape, vecs) / 64), 1],
  }));

/** What every update looks up: numbers of the step, numbers of the replica, and the step itself. */
const tables = [read('perStep'), read('perReplica'), read('counters')] as const;
const preferred = { swiftshader: ['vec4-16'], cpu: ['vec4-16'] };

/** params -= rate · (grads + L2 term). */
export const sgd = defineKernel({
  op: 'sgd',
  bindings: [read('grads'), ...tables, readWrite('params')],
  cost: ({ COUNT }: UpdateShape) => ({ flops: 4 * COUNT, bytes: 12 * COUNT }),
  variants: vec4<UpdateShape>(shader('sgd/vec4'), { constants: () => ({}) }),
  preferred,
});

/** velocity = momentum · velocity + grads + L2 term; params -= rate · velocity, or Nesterov's step. */
export const sgdMomentum = defineKernel({
  op: 'sgd-momentum',
  bindings: [read('grads'), ...tables, readWrite('velocity'), readWrite('params')],
  cost: ({ COUNT }: MomentumShape) => ({ flops: 6 * COUNT, bytes: 20 * COUNT }),
  variants: vec4<MomentumShape>(shader('sgd-momentum/vec4'), {
    constants: ({ MOMENTUM }) => ({ MOMENTUM }),
    flags: ({ NESTEROV }) => ({ NESTEROV: NESTEROV === 1 }),
  }),
  preferred,
});

/** Adam with bias correction; with WEIGHT_DECAY AdamW. */
export const adam = defineKernel({
  op: 'adam',
  bindings: [read('grads'), ...tables, readWrite('mu'), readWrite('nu'), readWrite('params')],
  cost: ({ COUNT }: AdamShape) => ({ flops: 14 * COUNT, bytes: 28 * COUNT }),
  variants: vec4<AdamShape>(shader('adam/vec4'), {
    constants: ({ B1, B2, EPS }) => ({ B1, B2, EPS, ONE_MINUS_B1: 1 - B1, ONE_MINUS_B2: 1 - B2 }),
  }),
  preferred,
});
