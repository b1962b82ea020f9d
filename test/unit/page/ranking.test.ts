import { describe, expect, test } from 'vitest';
import { againName } from '../../../src/measure/again-name.ts';
import type { Group, Row } from '../../../src/measure/schema.ts';
import { lineDiff } from '../../../src/page/views/kernels/line-diff.ts';
import { lettersOf, type RankedRow, rankGroup, toKeep } from '../../../src/page/views/kernels/ranking.ts';

const row = (name: string, ns: number, ok = true, samples = 41): Row => ({
  name,
  isDefault: name === 'tile',
  validation: { ok, how: ok ? 'float64 reference' : 'wrong: element 3' },
  work: { flops: 1000, bytes: 100 },
  repeats: 1,
  stride: 1,
  samplesNs: ok ? Array.from({ length: samples }, (_, i) => ns * (1 + 0.01 * Math.sin(7 * i + ns))) : [],
  dispatches: 1,
});

const group = (rows: readonly Row[]): Group => ({
  suite: 'kernels',
  id: 'matmul-forward M=8 N=8 K=8 R=1',
  op: 'matmul-forward',
  title: 'matmul-forward',
  usedBy: [],
  clock: 'gpu',
  warmupRounds: 0,
  rows,
  skipped: [],
});

describe('a measured group', () => {
  test('is ranked by letters, and a wrong kernel never is', () => {
    const rows = [row('tile', 100), row(againName('tile'), 100), row('naive', 300), row('quad', 10, false)];
    const { rows: ranked, unranked } = rankGroup(group(rows), undefined, false);
    expect(unranked).toBe('');
    expect(ranked.map(({ name, letters }) => [name, letters])).toEqual([
      ['tile', 'a'],
      ['naive', 'b'],
      ['quad', ''],
    ]);
    expect(ranked[2]).toMatchObject({ isRight: false, time: undefined, how: 'wrong: element 3' });
  });

  test('has no letter for a row of too few samples to tell', () => {
    const rows = [
      row('tile', 100),
      row(againName('tile'), 100),
      row('quad', 101),
      row('naive', 4000, true, 2),
    ];
    const { rows: ranked } = rankGroup(group(rows), undefined, false);
    expect(ranked.map(({ name, letters }) => [name, letters])).toEqual([
      ['tile', 'a'],
      ['quad', 'b'],
      ['naive', ''],
    ]);
    // Its time is told, and that there is no interval.
    expect(ranked[2]!.time).toMatchObject({ low: Number.NEGATIVE_INFINITY });
  });

  test('is not ranked where the tab was hidden', () => {
    const ranked = rankGroup(group([row('tile', 100), row('naive', 300)]), undefined, true);
    expect(ranked.unranked).toMatch(/^not ranked: the tab was hidden/);
    expect(ranked.rows.every(({ letters }) => letters === '')).toBe(true);
  });

  test('is not ranked where a variant differs from itself', () => {
    const rows = [row('tile', 100), row(againName('tile'), 140), row('naive', 300)];
    const ranked = rankGroup(group(rows), undefined, false);
    expect(ranked.unranked).toMatch(/^not ranked: tile, timed twice, differs from itself by 40 %/);
    expect(ranked.rows.map(({ letters }) => letters)).toEqual(['', '']);
  });
});

test('rows share a letter where they are not told apart', () => {
  const isApart = (a: number, b: number) => Math.abs(a - b) > 1;
  expect(lettersOf([1, 2, 3, 9], isApart)).toEqual(['a', 'ab', 'b', 'c']);
  expect(lettersOf([1, 1, 1], isApart)).toEqual(['a', 'a', 'a']);
  expect(lettersOf([], isApart)).toEqual([]);
});

test('a diff keeps both texts', () => {
  const before = 'a\nb\nc\nd';
  const after = 'a\nx\nc\ne\nd';
  const lines = lineDiff(before, after);
  const side = (kind: string) =>
    lines
      .filter((line) => line.kind === 'same' || line.kind === kind)
      .map(({ text }) => text)
      .join('\n');
  expect(side('removed')).toBe(before);
  expect(side('added')).toBe(after);
  expect(lines.filter(({ kind }) => kind === 'same')).toHaveLength(3);
});

test.each([
  ['quad', ['quad a', 'tile b']],
  ['tile', ['quad a', 'tile ab']],
  ['tile', ['tile a', 'quad b']],
  // Too few samples: of the default, of the fastest.
  ['tile', ['quad a', 'tile ']],
  ['tile', ['quad ', 'tile a']],
  [undefined, ['quad a', 'naive b']],
])('%s is kept of %s', (kept, texts) => {
  const rows = texts.map((text) => {
    const [name, letters] = text.split(' ');
    return { name, letters, isDefault: name === 'tile', time: {} } as RankedRow;
  });
  expect(toKeep(rows)?.name).toBe(kept);
});
