/**
 * A case of a kernel check: inputs and expected outputs of every replica, made from a seed.
 *
 * The op's check file describes its case to a `CaseBuilder`; `check.ts` runs it on a GPU.
 */
import type { Shape } from '../../kernels/kernel.ts';
import type { Numbers } from '../numbers.ts';

/** What a binding of 4-byte elements holds. */
export type Elements = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

/** What one replica of an output must be. */
export interface Expected {
  /** A Uint32Array is compared exactly; in a Float64Array NaN means that any value is right. */
  readonly values: Float64Array | Uint32Array;
  /** Largest |actual - expected| of each element, or of all. */
  readonly bound: Numbers | number;
}

/** Inputs and outputs of one dispatch, by binding. A `read_write` binding may be both. */
export interface CheckCase {
  readonly replicas: number;
  /** One array per replica, or a single one that all replicas share. */
  readonly inputs: Readonly<Record<string, readonly Elements[]>>;
  /** One per replica. */
  readonly expected: Readonly<Record<string, readonly Expected[]>>;
}

/** How an op is checked. */
export interface OpCheck<S extends Shape = Shape> {
  /** Shapes that try its edges: 1, primes, non-multiples of tiles, and multiples of 4 for variants that want them. */
  shapes(replicas: number): readonly S[];
  /** Describes the case of a shape. */
  build(build: CaseBuilder, shape: S): void;
}

/** Reads an input of one replica. */
export type Input<T extends Elements> = (replica: number) => T;

/** What a case does not leave to its op's check. */
export interface CaseOptions {
  /** Inputs of which all replicas share one array. */
  readonly shared?: readonly string[];
  /** Inputs that are not random: what an earlier dispatch left, or a case of special interest. */
  readonly given?: Readonly<Record<string, readonly Elements[]>>;
}

/** Makes a `CheckCase`: random numbers from a seed, inputs that differ between replicas, expected outputs. */
export class CaseBuilder implements CheckCase {
  readonly inputs: Record<string, readonly Elements[]> = {};
  readonly expected: Record<string, readonly Expected[]> = {};
  readonly replicas: number;
  readonly #options: CaseOptions;
  #state: number;

  constructor(replicas: number, seed: number, options: CaseOptions = {}) {
    this.replicas = replicas;
    this.#options = options;
    this.#state = seed >>> 0;
  }

  /** An input with data of its own for each replica. */
  input<T extends Elements>(name: string, make: (replica: number) => T): Input<T> {
    const isShared = this.#options.shared?.includes(name) === true;
    return this.#input(name, isShared ? 1 : this.replicas, make);
  }

  /** An input that all replicas read, such as the images or a table of learning rates. */
  sharedInput<T extends Elements>(name: string, make: () => T): Input<T> {
    return this.#input(name, 1, make);
  }

  #input<T extends Elements>(name: string, count: number, make: (replica: number) => T): Input<T> {
    // Made even where it is not used, so that the random numbers behind it stay what they are.
    const made = Array.from({ length: count }, (_, replica) => make(replica));
    const arrays = (this.#options.given?.[name] as readonly T[] | undefined) ?? made;
    this.inputs[name] = arrays;
    return (replica) => arrays[arrays.length === 1 ? 0 : replica]!;
  }

  /** What the binding must hold after the dispatch. */
  expect(name: string, make: (replica: number) => Expected): void {
    this.expected[name] = Array.from({ length: this.replicas }, (_, replica) => make(replica));
  }

  /** A uniform integer in 0..2^32 - 1 (SplitMix32: a Weyl sequence through Murmur3's finaliser). */
  u32(): number {
    this.#state = (this.#state + 0x9e3779b9) >>> 0;
    let h = this.#state;
    h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    return (h ^ (h >>> 16)) >>> 0;
  }

  /** A uniform number in (0, 1). */
  uniform(): number {
    return (this.u32() + 0.5) / 2 ** 32;
  }

  /** A uniform integer in 0..n - 1; the bias of the remainder does not matter here. */
  below(n: number): number {
    return this.u32() % n;
  }

  /** A number of the normal distribution (Box-Muller). */
  normal(mean = 0, std = 1): number {
    return mean + std * Math.sqrt(-2 * Math.log(this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }

  normals(count: number, mean = 0, std = 1): Float32Array<ArrayBuffer> {
    return floats(count, () => this.normal(mean, std));
  }

  /** (4): the step, and three words that kernels which only read the step must not care about. */
  counters(step: number): Uint32Array<ArrayBuffer> {
    return Uint32Array.of(step, this.u32(), this.u32(), this.u32());
  }
}

export const floats = (count: number, make: (index: number) => number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: count }, (_, index) => make(index));

/** Several arrays behind each other, as gamma and beta lie in one binding. */
export function joined(...parts: readonly Numbers[]): Float64Array {
  return Float64Array.from(parts.flatMap((part) => Array.from(part)));
}
