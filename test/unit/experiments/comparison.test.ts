import { describe, expect, test } from 'vitest';
import { compare, type Row } from '../../../src/experiments/comparison.ts';
import { columnsOf, markdownTable } from '../../../src/experiments/table.ts';
import { fakeResult, fakeResults } from './fake-results.ts';

const rowOf = (rows: readonly Row[], name: string): Row => rows.find((row) => row.name === name)!;

describe('five seeds', () => {
  const { rows, notes } = compare(fakeResults);

  test('means and intervals can be computed by hand', () => {
    // base: mean 0.5342, standard deviation 0.0025884, t(0.975, 4) = 2.776445.
    const { test: ours, prediction } = rowOf(rows, 'base');
    expect(ours.mean).toBeCloseTo(0.5342, 10);
    expect(ours.margin).toBeCloseTo((2.776445 * 0.00258844) / Math.sqrt(5), 7);
    expect(prediction![0]).toBeCloseTo(0.5342 - 2.776445 * 0.00258844 * Math.sqrt(6 / 5), 7);
  });

  test('differences are those of equal seeds, and their p-values are corrected together', () => {
    const adam = rowOf(rows, 'adam').difference!;
    expect(adam.perSeed).toEqual([0.019, 0.017, 0.021, 0.018, 0.02]);
    expect(adam.mean).toBeCloseTo(0.019, 12);
    // Differences with standard deviation sqrt(2.5)/1000: t = 19 / sqrt(2.5/5) = 26.87 with 4 degrees of freedom.
    expect(adam.pT).toBeCloseTo(1.14e-5, 7);
    expect(adam.pPermutation).toBe(0.0625);
    const tested = rows.flatMap(({ difference }) => difference ?? []);
    expect(tested).toHaveLength(4);
    const smallest = tested.reduce((a, b) => (a.pT! < b.pT! ? a : b));
    expect(smallest.pHolm).toBeCloseTo(4 * smallest.pT!, 12);
  });

  test('verdicts say who wins, and where that is not known', () => {
    expect(rows.map(({ name, verdict }) => `${name}: ${verdict}`)).toEqual([
      'base: what the others are compared with',
      'precise-bn: not distinguishable from base with 5 seeds',
      // 0.002 0 0.002 0.001 0.001: p = 0.033, but 0.065 among four comparisons.
      'bn-after-relu: not distinguishable from base with 5 seeds',
      'adam: better than base (5 seeds)',
      'wide: worse than base (5 seeds)',
    ]);
  });

  test("the report's figure is held against single runs", () => {
    expect(rowOf(rows, 'base').reportedVerdict).toBe('a plausible single run (95 % in 0.526 to 0.542)');
    expect(rowOf(rows, 'adam').reportedVerdict).toMatch(/^above single runs here/);
    expect(rowOf(rows, 'precise-bn').reportedVerdict).toMatch(/^above single runs here/);
  });

  test('seeds that would show 0.5 points', () => {
    // Spread of adam's differences: 0.00158; 0.005 is 3.16 of that.
    expect(rowOf(rows, 'adam').difference!.seedsToSee).toBe(4);
  });

  test('the notes name seeds and comparisons', () => {
    expect(notes.join('\n')).toMatch(/over 5 seeds.*\n.*4 comparisons.*\n.*cannot be under 0\.0625/);
  });

  test('beyond 16 seeds signs are flipped at random, which cannot give less than one in so many', () => {
    const twenty = fakeResults.map((result) => ({
      ...result,
      perSeed: Array.from({ length: 20 }, (_, i) => ({ ...result.perSeed[i % 5]!, seed: i + 1 })),
    }));
    expect(compare(twenty).notes.join('\n')).toContain(
      'flipped in 100,000 random ways; with 20 seeds it cannot be under 0.00001.',
    );
  });

  test('the Markdown table is aligned and complete', () => {
    const lines = markdownTable(compare(fakeResults)).split('\n');
    const table = lines.filter((line) => line.startsWith('|'));
    expect(table).toHaveLength(2 + 5);
    expect(new Set(table.map((line) => line.length)).size).toBe(1);
    expect(table.join('\n')).toMatch(
      /adam +\| +9000 \| +0\.564 \| 0\.5532 ± 0\.\d{4} \| .*\+0\.0190 ± 0\.0020 \| < 0\.0001/,
    );
  });
});

test("figures of several runs are a range, and one that every seed has is a seed's", () => {
  const withFigure = (reported: [number, number] | number, accuracies: readonly number[]) =>
    compare([{ ...fakeResult('adam', accuracies), reported }]).rows[0]!;
  const spread = [0.14, 0.15, 0.16];
  expect(withFigure([0.1, 0.21], spread).reportedVerdict).toMatch(/^a plausible single run/);
  expect(withFigure([0.4, 0.5], spread).reportedVerdict).toMatch(/^above/);
  expect(withFigure([0, 0.01], spread).reportedVerdict).toMatch(/^below/);
  expect(withFigure(0.1, [0.1, 0.1, 0.1]).reportedVerdict).toMatch(/^a plausible single run/);
  expect(withFigure(0.1002, [0.1, 0.1, 0.1]).reportedVerdict).toMatch(/^above/);
  // A figure stands for what is rounded to it.
  const same = [0.533, 0.533, 0.533];
  expect(withFigure(0.53, same).reportedVerdict).toMatch(/^a plausible single run/);
  expect(withFigure(0.531, same).reportedVerdict).toMatch(/^below/);
  expect(withFigure(0.52, same).reportedVerdict).toMatch(/^below/);
  const table = markdownTable(compare([{ ...fakeResult('adam', spread), reported: [0.1, 0.21] }]));
  expect(table).toContain('| 0.1 to 0.21 |');
});

test('one seed: a table without intervals that says why', () => {
  const comparison = compare([fakeResult('base', [0.53]), fakeResult('adam', [0.55])]);
  expect(comparison.notes).toEqual([
    '1 seed: no intervals and no tests, which need at least 2 seeds (--seeds 5)',
  ]);
  const [base, adam] = comparison.rows;
  expect(base!.test).toEqual({ mean: 0.53, margin: null });
  expect(adam!.difference).toMatchObject({ perSeed: [0.02], mean: 0.02, margin: null, pT: null });
  expect(adam!.verdict).toBe('1 seed: no test is possible');
  expect(adam!.reportedVerdict).toBe('1 seed: no interval to compare with');
  const titles = columnsOf(comparison).map(({ title }) => title);
  expect(titles).not.toContain('p');
  expect(titles).toContain('difference to base');
});

test('without base there are no differences, and the reason is told', () => {
  const { rows, notes } = compare([fakeResult('adam', [0.55, 0.56])]);
  expect(rows[0]!.difference).toBeNull();
  expect(rows[0]!.verdict).toBe('base was not run');
  expect(notes.at(-1)).toMatch(/^No differences: they need the results of base/);
});

test('the same difference with every seed cannot be tested', () => {
  const { rows } = compare([fakeResult('base', [0.53, 0.54]), fakeResult('adam', [0.55, 0.56])]);
  expect(rows[1]!.verdict).toBe('not testable: the difference is the same with every seed');
  expect(rows[1]!.difference).toMatchObject({ pT: null, pHolm: null });
});

test('differences pair equal seeds only', () => {
  const { perSeed, ...rest } = fakeResult('adam', [0.55, 0.57, 0.56]);
  const shifted = { ...rest, perSeed: perSeed.slice(1) };
  const { rows } = compare([fakeResult('base', [0.53, 0.54]), shifted]);
  expect(rows[1]!.difference!.perSeed).toEqual([0.03]);
});

describe('what makes rows less comparable', () => {
  const base = fakeResult('base', [0.53, 0.54]);
  const adam = fakeResult('adam', [0.55, 0.1]);

  test('different numbers of steps are a column and a note; equal ones are neither', () => {
    const longer = { ...adam, steps: 2 * base.steps };
    const text = markdownTable(compare([base, longer]));
    expect(text).toMatch(/\| steps \|/);
    expect(text).toContain(`| ${2 * base.steps} |`);
    expect(text).toContain('trained for different numbers of steps');
    expect(markdownTable(compare([base, adam]))).not.toMatch(/steps/);
  });

  test('other images for validation are a note', () => {
    const fewer = { ...adam, settings: { ...adam.settings, valSize: 1000 } };
    expect(compare([base, fewer]).notes.join('\n')).toContain('different numbers of images for validation');
    expect(compare([base, adam]).notes.join('\n')).not.toContain('images for validation');
  });

  test('other versions of what computes are a note, which says whose results are of which', () => {
    const later = { ...adam, codeHash: 'other code' };
    expect(compare([base, later, fakeResult('wide', [0.5, 0.5])]).notes.join('\n')).toContain(
      'The results are of 2 versions of this project, which may compute differently: base, wide; adam.',
    );
    expect(compare([base, adam]).notes.join('\n')).not.toContain('versions');
  });

  test('what a net is worth over views of the images is said, where it was scored so', () => {
    const perSeed = adam.perSeed.map((seed, i) => ({ ...seed, testAccuracyOverViews: 0.56 + 0.02 * i }));
    const viewed = { ...adam, perSeed, settings: { ...adam.settings, testViews: 'flip' as const } };
    // t(0.975, 1) = 12.706, a standard deviation of 0.02 / sqrt(2).
    expect(compare([base, viewed]).notes).toContain('adam: test accuracy over flips 0.5700 ± 0.1271.');
    expect(compare([base, adam]).notes.join('\n')).not.toContain('over flips');
  });

  test('a seed whose loss was not finite is named', () => {
    const [first, second] = adam.perSeed;
    const diverged = { ...adam, perSeed: [first!, { ...second!, divergedAtStep: 70 }] };
    const { notes } = compare([base, diverged]);
    expect(notes.join('\n')).toContain('adam, seed 2: the loss was not finite from step 70 on');
  });

  test('another adapter is named, and not compared with base', () => {
    const elsewhere = { ...adam, adapter: { ...adam.adapter, name: 'other adapter' } };
    const { rows, notes } = compare([base, elsewhere]);
    expect(rows[1]!.difference).toBeNull();
    expect(rows[1]!.verdict).toBe('not compared: base was trained on another adapter');
    expect(notes.join('\n')).toContain(
      '2 adapters took part, which round differently: test adapter (base); other adapter (adam). Experiments are compared within one adapter only.',
    );
    expect(compare([base, adam]).notes.join()).not.toContain('adapters');
  });
});
