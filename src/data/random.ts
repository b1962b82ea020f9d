/**
 * Seeded random numbers: the same seed gives the same numbers in every engine, on every machine.
 *
 * The generator is xoshiro128** (Blackman & Vigna 2021, https://prng.di.unimi.it/xoshiro128starstar.c): 128 bits of
 * state, period 2^128 - 1, 32-bit integer operations only. Each use of randomness has a stream of its own, named by
 * (seed, purpose, index), so that one choice (say, flipping images) never changes another (the order of the samples).
 */

import { portableLog } from './portable-log.ts';

/** What a stream of random numbers is for. */
export type StreamPurpose =
  | 'weights'
  | 'order'
  | 'flip'
  | 'crop'
  | 'subset'
  | 'subset-flip'
  | 'search'
  | 'statistics'
  | 'gradient-check'
  | 'test';

/** A stream of random numbers. Every method advances it. */
export class RandomStream {
  private s0: number;
  private s1: number;
  private s2: number;
  private s3: number;
  /** The second of the two normal numbers that one round of the polar method yields. */
  private spareNormal: number | undefined;

  /**
   * @param state the generator's 128 bits as four u32; most callers want `randomStream`
   * @throws RangeError if all four are zero: the generator would never leave that state
   */
  constructor(state: readonly [number, number, number, number]) {
    [this.s0, this.s1, this.s2, this.s3] = state;
    if ((this.s0 | this.s1 | this.s2 | this.s3) === 0) throw new RangeError('random: the state is all zero');
  }

  /** A uniform integer in 0..2^32 - 1. */
  u32(): number {
    const result = Math.imul(rotateLeft(Math.imul(this.s1, 5), 7), 9) >>> 0;
    const t = this.s1 << 9;
    this.s2 ^= this.s0;
    this.s3 ^= this.s1;
    this.s1 ^= this.s2;
    this.s0 ^= this.s3;
    this.s2 ^= t;
    this.s3 = rotateLeft(this.s3, 11);
    return result;
  }

  /** A uniform number in [0, 1) with 53 random bits (two draws). */
  float(): number {
    const high = this.u32() >>> 5; // 27 bits
    const low = this.u32() >>> 6; // 26 bits
    return (high * 2 ** 26 + low) / 2 ** 53;
  }

  /**
   * A uniform integer in 0..n - 1, without bias: draws above the last whole multiple of `n` are rejected.
   *
   * @param n an integer in 1..2^32
   * @throws RangeError for any other n
   */
  below(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_32) {
      throw new RangeError(`random: below(n) needs an integer from 1 to 2^32, got ${n}`);
    }
    const limit = TWO_32 - (TWO_32 % n);
    let draw = this.u32();
    while (draw >= limit) draw = this.u32();
    return draw % n;
  }

  /** A number of the standard normal distribution, by Marsaglia's polar method (https://doi.org/10.1137/1006063). */
  normal(): number {
    if (this.spareNormal !== undefined) {
      const spare = this.spareNormal;
      this.spareNormal = undefined;
      return spare;
    }
    let x: number;
    let y: number;
    let r2: number;
    do {
      x = 2 * this.float() - 1;
      y = 2 * this.float() - 1;
      r2 = x * x + y * y;
    } while (r2 >= 1 || r2 === 0);
    const scale = Math.sqrt((-2 * portableLog(r2)) / r2);
    this.spareNormal = y * scale;
    return x * scale;
  }

  /** Shuffles in place, every permutation equally likely (Fisher-Yates, from the end). */
  shuffle(values: Uint32Array): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const moved = values[i]!;
      values[i] = values[j]!;
      values[j] = moved;
    }
  }
}

/**
 * The stream for one use of randomness.
 *
 * Its 128 bits are four lanes, each a hash chain over (seed, purpose, index); for a fixed purpose and index the chain is
 * a bijection of the seed, so different seeds never share a stream.
 *
 * @param seed integer in 0..2^32 - 1
 * @param purpose what the numbers are for
 * @param index which of several streams of that purpose (an epoch, a layer); integer in 0..2^32 - 1
 * @throws RangeError if seed or index is no such integer
 */
export function randomStream(seed: number, purpose: StreamPurpose, index = 0): RandomStream {
  requireU32('seed', seed);
  requireU32('index', index);
  const purposeHash = fnv1a(purpose);
  const lane = (n: number) => {
    let h = mix32(Math.imul(n, GOLDEN_RATIO) ^ seed);
    h = mix32((h + GOLDEN_RATIO) ^ purposeHash);
    return mix32((h + GOLDEN_RATIO) ^ index);
  };
  const state: [number, number, number, number] = [lane(1), lane(2), lane(3), lane(4)];
  if ((state[0] | state[1] | state[2] | state[3]) === 0) state[0] = GOLDEN_RATIO;
  return new RandomStream(state);
}

const TWO_32 = 2 ** 32;
/** 2^32 divided by the golden ratio, odd: the increment of the SplitMix generators. */
const GOLDEN_RATIO = 0x9e3779b9;

/** Murmur3's 32-bit finaliser: a bijection in which each input bit changes each output bit with probability near 1/2. */
export function mix32(value: number): number {
  let h = value;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** FNV-1a over the UTF-16 code units of an ASCII string (http://www.isthe.com/chongo/tech/comp/fnv/). */
export function fnv1a(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}

function requireU32(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= TWO_32) {
    throw new RangeError(`random: ${name} must be an integer from 0 to 2^32 - 1, got ${value}`);
  }
}
