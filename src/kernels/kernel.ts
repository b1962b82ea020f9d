import { type AdapterKind, gpus } from '../gpu/adapter-kind.ts';
import type { Capabilities } from '../gpu/device.ts';
import type { Access } from '../gpu/pipelines.ts';
import type { ShaderConstants } from '../gpu/specialize.ts';

/** The sizes that an op is specialised for, by their names in its shaders (M, N, K, ...), without the replica dimension. */
export type Shape = Readonly<Record<string, number>>;

/** `K=3072 M=100 N=52`: a shape in one line. */
export const shapeText = (shape: Shape): string =>
  Object.entries(shape)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

/** Work of one replica: what rooflines are drawn from. */
export interface Cost {
  readonly flops: number;
  /** Least bytes that must cross memory: every operand read once, every result written once. */
  readonly bytes: number;
}

/** A storage buffer of a kernel; its place in `bindings` is its `@binding` number. */
export interface Binding<N extends string = string> {
  readonly name: N;
  readonly access: Access;
}

/** One way to compute an op. Variants of an op differ only in speed. */
export interface Variant<S extends Shape> {
  readonly name: string;
  /** Text of the `.wgsl` file. */
  readonly source: string;
  /** The shader uses subgroup or quad operations. */
  readonly subgroups?: boolean;
  /** Its workgroup is eight lanes that shuffle values. */
  readonly eightLanes?: boolean;
  /** Invocations of a workgroup, where they are more than the 256 that every adapter starts. */
  readonly invocations?: number;
  /** The kinds of adapter that it is made for: on others it is tested, but neither a default nor tried by the tuner. All where not given. */
  readonly madeFor?: readonly AdapterKind[];
  /** Multiply-adds of the longest stretch of code that the shader writes out (`//#unroll`): what it costs to compile. Few where not given. */
  unrolled?(shape: S): number;
  /** Why it cannot compute this shape, or run on this adapter; undefined where it can. */
  refuses?(shape: S, capabilities: Capabilities): string | undefined;
  /** False for shapes that it computes slower than the variants behind it in `preferred`: there it is no default. */
  pays?(shape: S, capabilities: Capabilities): boolean;
  /** Values of the shader's constants. Those named `..._STRIDE` are set from the tensors. */
  constants(shape: S): ShaderConstants;
  /** Flags of the shader's `//#if`, for a shape. */
  flags?(shape: S): Readonly<Record<string, boolean>>;
  /** Workgroups in x and y, as many as it takes (gpu/folded-grid.ts); z is the replica. */
  grid(shape: S): readonly [number, number];
}

/**
 * Names of variants in order of preference, where nothing was measured, by kind of adapter. A vendor that is not named is a `gpu`. The naive
 * variant need not be named.
 */
export type Preferences = Readonly<Partial<Record<AdapterKind, readonly string[]>>>;

/** The names preferred on an adapter of this kind. */
export function preferredNames(
  { preferred = {} }: Pick<Kernel, 'preferred'>,
  kind: AdapterKind,
): readonly string[] {
  return preferred[kind] ?? (gpus.includes(kind) ? preferred.gpu : undefined) ?? [];
}

/** An op: what it binds, what it costs, the ways to compute it. */
export interface Kernel<S extends Shape = Shape, B extends string = string> {
  readonly op: string;
  readonly bindings: readonly Binding<B>[];
  cost(shape: S): Cost;
  /** The first runs on every adapter, and every shape that a net has. */
  readonly variants: readonly Variant<S>[];
  readonly preferred?: Preferences;
}

export const read = <N extends string>(name: N): Binding<N> => ({ name, access: 'read' });
export const readWrite = <N extends string>(name: N): Binding<N> => ({ name, access: 'read_write' });

/** A table entry whose calls are checked: `S`, its shape, is what `cost` takes; the names of its tensors are those of `bindings`. */
export const defineKernel = <S extends Shape, B extends string>(kernel: Kernel<S, B>): Kernel<S, B> => kernel;

/** Why a variant for eight lanes cannot run. */
export const noEightLanes = 'the adapter has no shuffles of eight lanes';

/** Why `variant` cannot run here; undefined where it can. */
export function refusal<S extends Shape>(
  variant: Variant<S>,
  shape: S,
  capabilities: Capabilities,
): string | undefined {
  if (variant.subgroups === true && !capabilities.subgroups) return 'the adapter has no subgroups';
  if (variant.eightLanes === true && !capabilities.eightLanes) return noEightLanes;
  const { invocations = 0 } = variant;
  if (invocations > capabilities.maxInvocationsPerWorkgroup) {
    return `${invocations} invocations, the adapter starts ${capabilities.maxInvocationsPerWorkgroup}`;
  }
  const unrolled = variant.unrolled?.(shape) ?? 0;
  if (unrolled > capabilities.mostUnrolled) {
    return `writes out ${unrolled} multiply-adds, more than ${capabilities.mostUnrolled} take this adapter too long to compile`;
  }
  return variant.refuses?.(shape, capabilities);
}

export const isMadeFor = ({ madeFor }: Pick<Variant<Shape>, 'madeFor'>, { kind }: Capabilities): boolean =>
  madeFor === undefined || madeFor.includes(kind);

/** Why measuring `variant` here is not worth its time; undefined where it is in the running. */
export function hopelessness<S extends Shape>(
  variant: Variant<S>,
  shape: S,
  capabilities: Capabilities,
): string | undefined {
  return isMadeFor(variant, capabilities) ? refusal(variant, shape, capabilities) : 'made for other adapters';
}

/** Refusal of shapes whose named sizes are not multiples of 4, which vec4 accesses need. */
export function wantsMultiplesOf4<S extends Shape>(
  ...names: readonly (keyof S & string)[]
): (shape: S) => string | undefined {
  return (shape) => {
    const odd = names.find((name) => (shape[name] ?? 0) % 4 !== 0);
    return odd === undefined ? undefined : `${odd} = ${shape[odd]} is not a multiple of 4`;
  };
}

/**
 * The ways to compute what takes `items` invocations that are on their own: in workgroups of 16, which suits adapters that compute on the CPU, four lanes
 * at a time, and of 64, which fill a GPU's subgroups of 32 or 64. Their bits are the same.
 */
export const onTheirOwn = <S extends Shape>(
  { constants, ...more }: Pick<Variant<S>, 'source' | 'refuses' | 'constants'>,
  items: (shape: S) => number,
): Pick<Kernel<S>, 'variants' | 'preferred'> => ({
  variants: [16, 64].map((INVOCATIONS) => ({
    ...more,
    name: INVOCATIONS === 16 ? 'naive' : `naive-${INVOCATIONS}`,
    ...(INVOCATIONS > 16 && { madeFor: gpus }),
    constants: (shape) => ({ ...constants(shape), INVOCATIONS }),
    grid: (shape) => [Math.ceil(items(shape) / INVOCATIONS), 1],
  })),
  preferred: { gpu: ['naive-64'] },
});

/** What a workgroup computes of `count` things that come in fours, at most `most` of them, so that the workgroups are filled evenly. */
export const even = (count: number, most: number): number => Math.ceil(count / Math.ceil(count / most));
