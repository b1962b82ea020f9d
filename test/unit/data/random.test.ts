import { describe, expect, test } from 'vitest';
import { portableLog } from '../../../src/data/portable-log.ts';
import { fnv1a, mix32, RandomStream, randomStream } from '../../../src/data/random.ts';

const draws = (stream: RandomStream, count: number) => Array.from({ length: count }, () => stream.u32());

describe('random: known answers', () => {
  test('xoshiro128** from state 1, 2, 3, 4 (the values of its reference implementation)', () => {
    expect(draws(new RandomStream([1, 2, 3, 4]), 10)).toEqual([
      11520, 0, 5927040, 70819200, 2031721883, 1637235492, 1287239034, 3734860849, 3729100597, 4258142804,
    ]);
  });

  test('mix32 is the finaliser of MurmurHash3 (its hash of "" with seeds 0, 1 and 2^32 - 1)', () => {
    expect([0, 1, 0xffffffff].map(mix32)).toEqual([0, 0x514e28b7, 0x81f16f39]);
  });

  test('fnv1a gives the published hashes of "", "a" and "foobar"', () => {
    expect(['', 'a', 'foobar'].map(fnv1a)).toEqual([0x811c9dc5, 0xe40c292c, 0xbf9cf968]);
  });

  test('the streams of a seed never change: results of earlier versions stay reproducible', () => {
    expect(draws(randomStream(1, 'order', 2), 4)).toMatchInlineSnapshot(`
      [
        158136027,
        3785292407,
        538883404,
        3289737635,
      ]
    `);
    const weights = randomStream(42, 'weights');
    expect([weights.normal(), weights.normal(), weights.normal()]).toMatchInlineSnapshot(`
      [
        0.1723505571963162,
        -0.3048146143905749,
        -0.3518722083006488,
      ]
    `);
  });
});

describe('random: streams', () => {
  test('seed, purpose and index each name a stream of its own', () => {
    const streams = [
      randomStream(0, 'order'),
      randomStream(1, 'order'),
      randomStream(0xffffffff, 'order'),
      randomStream(0, 'flip'),
      randomStream(0, 'order', 1),
      randomStream(1, 'order', 1),
    ];
    const firsts = streams.map((stream) => draws(stream, 2).join());
    expect(new Set(firsts).size).toBe(streams.length);
    expect(draws(randomStream(0, 'order'), 2).join()).toBe(firsts[0]);
  });

  test.each([-1, 0.5, 2 ** 32, Number.NaN])('seed %s is refused', (seed) => {
    expect(() => randomStream(seed, 'test')).toThrow(RangeError);
    expect(() => randomStream(0, 'test', seed)).toThrow(RangeError);
  });

  test('the all-zero state is refused', () => {
    expect(() => new RandomStream([0, 0, 0, 0])).toThrow('all zero');
  });

  test('neighbouring seeds are uncorrelated: correlation of 20,000 pairs below 4 / sqrt(20,000)', () => {
    const a = randomStream(7, 'weights');
    const b = randomStream(8, 'weights');
    let sum = 0;
    for (let i = 0; i < 20_000; i++) sum += (a.float() - 0.5) * (b.float() - 0.5) * 12;
    expect(Math.abs(sum / 20_000)).toBeLessThan(4 / Math.sqrt(20_000));
  });
});

describe('random: distributions', () => {
  test('float is in [0, 1) and flat: chi-square of 64 bins, 63 degrees of freedom, within 5 sigma', () => {
    const bins = new Array<number>(64).fill(0);
    let outside = 0;
    const stream = randomStream(1, 'test');
    for (let i = 0; i < 64_000; i++) {
      const x = stream.float();
      if (x >= 0 && x < 1) bins[Math.floor(x * 64)]!++;
      else outside++;
    }
    expect(outside).toBe(0);
    const chiSquare = bins.reduce((sum, n) => sum + (n - 1000) ** 2 / 1000, 0);
    expect(Math.abs(chiSquare - 63)).toBeLessThan(5 * Math.sqrt(2 * 63));
  });

  test('float uses 53 bits: the lowest ones vary', () => {
    const stream = randomStream(2, 'test');
    const lowBits = new Set(Array.from({ length: 64 }, () => (stream.float() * 2 ** 53) % 8));
    expect(lowBits.size).toBe(8);
  });

  test('below is unbiased where 2^32 / n is not whole: n = 3 * 2^30 would favour the lower third', () => {
    const stream = randomStream(3, 'test');
    const n = 3 * 2 ** 30;
    let lower = 0;
    for (let i = 0; i < 30_000; i++) if (stream.below(n) < n / 3) lower++;
    // Expected 1/3 (a plain remainder gives 1/2); 5 sigma = 0.0136.
    expect(Math.abs(lower / 30_000 - 1 / 3)).toBeLessThan(0.0136);
  });

  test('below(1) is 0, below(2^32) is any u32, other bounds are refused', () => {
    expect(randomStream(4, 'test').below(1)).toBe(0);
    expect(randomStream(4, 'test').below(2 ** 32)).toBe(randomStream(4, 'test').u32());
    for (const n of [0, -1, 1.5, 2 ** 32 + 1])
      expect(() => randomStream(4, 'test').below(n)).toThrow(RangeError);
  });

  test('normal has moments 0, 1, 0, 3 within 5 standard errors of 100,000 draws', () => {
    const stream = randomStream(5, 'weights');
    const n = 100_000;
    const moments = [0, 0, 0, 0];
    for (let i = 0; i < n; i++) {
      const x = stream.normal();
      for (let k = 0; k < 4; k++) moments[k]! += x ** (k + 1) / n;
    }
    // Variances of x, x^2, x^3, x^4: 1, 2, 15, 96.
    const expected = [0, 1, 0, 3];
    const variances = [1, 2, 15, 96];
    for (let k = 0; k < 4; k++) {
      expect(Math.abs(moments[k]! - expected[k]!)).toBeLessThan(5 * Math.sqrt(variances[k]! / n));
    }
  });

  test('normal has the tails of a normal distribution: 0.27 % beyond 3 sigma', () => {
    const stream = randomStream(6, 'weights');
    let beyond = 0;
    for (let i = 0; i < 100_000; i++) if (Math.abs(stream.normal()) > 3) beyond++;
    expect(Math.abs(beyond - 270)).toBeLessThan(5 * Math.sqrt(270));
  });

  test('shuffle makes all 24 permutations of 4 equally often, within 5 sigma', () => {
    const counts = new Map<string, number>();
    const stream = randomStream(7, 'order');
    for (let i = 0; i < 24_000; i++) {
      const values = Uint32Array.of(0, 1, 2, 3);
      stream.shuffle(values);
      counts.set(values.join(), (counts.get(values.join()) ?? 0) + 1);
    }
    expect(counts.size).toBe(24);
    for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(5 * Math.sqrt(1000));
  });
});

describe('portableLog', () => {
  test('agrees with Math.log within 4 * 2^-53 relative, over the whole range', () => {
    const stream = randomStream(8, 'test');
    for (let i = 0; i < 20_000; i++) {
      const x = (1 + stream.float()) * 2 ** (stream.below(2045) - 1022);
      const expected = Math.log(x);
      expect(Math.abs(portableLog(x) - expected)).toBeLessThanOrEqual(4 * 2 ** -53 * Math.abs(expected));
    }
    for (const x of [1 - 2 ** -53, 1 + 2 ** -52, 0.7, 1.4, Math.SQRT2, Math.SQRT1_2, 2 ** -1022]) {
      expect(Math.abs(portableLog(x) / Math.log(x) - 1)).toBeLessThanOrEqual(4 * 2 ** -53);
    }
    expect(portableLog(1)).toBe(0);
  });

  test.each([0, -1, 2 ** -1023, Number.POSITIVE_INFINITY, Number.NaN])('%s is refused', (x) => {
    expect(() => portableLog(x)).toThrow(RangeError);
  });
});
