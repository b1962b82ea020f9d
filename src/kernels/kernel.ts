import type { Capabilities } from '../gpu/device.ts';
import type { Access } from '../gpu/pipelines.ts';

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
export interface Binding {
  readonly name: string;
  readonly access: Access;
}

/** One way to compute an op. Variants of an op differ only in speed. */
export interface Variant<S extends Shape> {
  readonly name: string;
  /** Text of the `.wgsl` file. */
  readonly source: string;
  /** The shader uses subgroup or quad operations. */
  readonly subgroups?: boolean;
  /** It is made for adapters that compute on the CPU: elsewhere it is tested, but neither a default nor tried by the tuner. */
  readonly softwareOnly?: boolean;
  /** Why it cannot compute this shape, or run on this adapter; undefined where it can. */
  refuses?(shape: S, capabilities: Capabilities): string | undefined;
  /** False for shapes that it computes slower than the variants behind it in `preferred`: there it is no default. */
  pays?(shape: S): boolean;
  /** Values of the shader's constants. Those named `..._STRIDE` are set from the tensors. */
  constants(shape: S): Readonly<Record<string, number>>;
  readonly flags?: Readonly<Record<string, boolean>>;
  /** Workgroups in x and y, as many as it takes (gpu/folded-grid.ts); z is the replica. */
  grid(shape: S): readonly [number, number];
}

/** An op: what it binds, what it costs, the ways to compute it. */
export interface Kernel<S extends Shape = Shape> {
  readonly op: string;
  readonly bindings: readonly Binding[];
  cost(shape: S): Cost;
  /** The first runs on every adapter, and every shape that a net has. */
  readonly variants: readonly Variant<S>[];
  /** Names in order of preference, where nothing was measured, per kind of adapter. The naive variant need not be named. */
  readonly preferred?: { readonly software: readonly string[]; readonly hardware: readonly string[] };
}

export const read = (name: string): Binding => ({ name, access: 'read' });
export const readWrite = (name: string): Binding => ({ name, access: 'read_write' });

/** `count` workgroups as a grid: beyond 32,768 in x they go on in y, since WebGPU allows 65,535 per dimension. What overhangs has nothing to do. */
export function folded(count: number): readonly [number, number] {
  const x = Math.min(count, 32_768);
  return [x, Math.ceil(count / x)];
}

/** Why `variant` cannot run here; undefined where it can. */
export function refusal<S extends Shape>(
  variant: Variant<S>,
  shape: S,
  capabilities: Capabilities,
): string | undefined {
  if (variant.subgroups === true && !capabilities.subgroups) return 'the adapter has no subgroups';
  return variant.refuses?.(shape, capabilities);
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
