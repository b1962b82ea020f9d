import adamVec4 from '../../shaders/adam/vec4.wgsl?raw';
import sgdVec4 from '../../shaders/sgd/vec4.wgsl?raw';
import { type Kernel, read, readWrite, type Variant, wantsMultiplesOf4 } from './kernel.ts';

export type SgdShape = {
  /** Parameters of a replica. */
  readonly COUNT: number;
  /** The first of them that are weight matrices, which the L2 term is for. */
  readonly DECAYED: number;
  readonly REPLICAS: number;
};

export type AdamShape = SgdShape & { readonly B1: number; readonly B2: number; readonly EPS: number };

const width = ({ COUNT }: SgdShape, vecs: number): number => Math.ceil(COUNT / 4 / vecs);

function vec4<S extends SgdShape>(source: string, vecs: number): Variant<S> {
  return {
    name: vecs === 1 ? 'vec4' : `vec4-${vecs}`,
    source,
    refuses: wantsMultiplesOf4<S>('COUNT', 'DECAYED'),
    constants: (shape) => ({ ...shape, VECS: vecs, WIDTH: width(shape, vecs) }),
    grid: (shape) => [Math.ceil(width(shape, vecs) / 64), 1],
  };
}

/** params -= rate · (grads + L2 term), all parameters in one dispatch. */
export const sgd: Kernel<SgdShape> = {
  op: 'sgd',
  bindings: [read('grads'), read('rates'), read('lambdas'), read('counters'), readWrite('params')],
  cost: ({ COUNT }) => ({ flops: 4 * COUNT, bytes: 12 * COUNT }),
  variants: [vec4(sgdVec4, 1), vec4(sgdVec4, 16)],
  preferred: { swiftshader: ['vec4-16'], cpu: ['vec4-16'] },
};

function withComplements(variant: Variant<AdamShape>): Variant<AdamShape> {
  return {
    ...variant,
    constants: (shape) => ({
      ...variant.constants(shape),
      ONE_MINUS_B1: 1 - shape.B1,
      ONE_MINUS_B2: 1 - shape.B2,
    }),
  };
}

/** Adam with bias correction, all parameters in one dispatch. */
export const adam: Kernel<AdamShape> = {
  op: 'adam',
  bindings: [
    read('grads'),
    read('rates'),
    read('lambdas'),
    read('corrections'),
    read('counters'),
    readWrite('mu'),
    readWrite('nu'),
    readWrite('params'),
  ],
  cost: ({ COUNT }) => ({ flops: 14 * COUNT, bytes: 28 * COUNT }),
  variants: [withComplements(vec4(adamVec4, 1)), withComplements(vec4(adamVec4, 16))],
  preferred: { swiftshader: ['vec4-16'], cpu: ['vec4-16'] },
};
