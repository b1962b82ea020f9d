// The promise of the harness, on simulated timings with noise, drift, outliers and a cold start: calibration, interleaving,
// warm-up, ratios and intervals as in a real run.
import { expect, test } from 'vitest';
import { comparisonCount, rank } from '../../../src/measure/compare.ts';
import { groupRandom } from '../../../src/measure/interleave.ts';
import { type MeasureSettings, measure } from '../../../src/measure/measure.ts';
import type { Group } from '../../../src/measure/schema.ts';
import { fakeGroup, fakeRow } from '../bench/fake-file.ts';
import { realisticNoise, simulatedClock } from './simulated-clock.ts';

const settings: MeasureSettings = {
  sampleNs: 4e6,
  budgetNs: 2.5e9,
  leastRounds: 25,
  leastSlowRounds: 2,
  mostRounds: 61,
};

/** Measures rows of these true times. */
async function simulate(
  rowNs: readonly number[],
  seed: number,
  id = 'group',
  how = settings,
): Promise<Group> {
  const clock = simulatedClock(rowNs, realisticNoise, seed);
  const measured = await measure(clock, rowNs.length, how, groupRandom(seed, id));
  const rows = rowNs.map((_, row) => fakeRow(`row ${row}`, measured.samplesNs[row]!));
  return fakeGroup(id, rows, { warmupRounds: measured.warmupRounds });
}

const anyClaim = (groups: readonly Group[]): boolean => {
  const comparisons = comparisonCount(groups);
  return groups.some((group) => rank(group, comparisons)!.rows.some(({ tied }) => !tied));
};

test('a variant compared with itself: a difference is claimed in at most 5 % of runs', async () => {
  const runs = 1000;
  let claims = 0;
  for (let seed = 0; seed < runs; seed++) if (anyClaim([await simulate([1e5, 1e5], seed)])) claims++;
  expect(claims / runs).toBeLessThanOrEqual(0.05);
});

test('six equal variants in each of 20 groups: a difference is claimed anywhere in at most 5 % of runs', async () => {
  const runs = 100;
  let claims = 0;
  for (let run = 0; run < runs; run++) {
    const groups: Group[] = [];
    for (let g = 0; g < 20; g++)
      groups.push(await simulate(Array(6).fill(1e5), 1000 * run + g, `group ${g}`));
    if (anyClaim(groups)) claims++;
  }
  expect(claims / runs).toBeLessThanOrEqual(0.05);
});

test('a variant that is 5 % slower is found in at least 95 % of runs', async () => {
  const runs = 500;
  let found = 0;
  for (let seed = 0; seed < runs; seed++) {
    const group = await simulate([1.05e5, 1e5], seed);
    const ranking = rank(group, 1)!;
    if (ranking.best.name === 'row 1' && !ranking.rows[1]!.tied) found++;
  }
  expect(found / runs).toBeGreaterThanOrEqual(0.95);
});

test('a variant that is 10 % slower is found in at least 95 % of runs even among 1,000 comparisons', async () => {
  const runs = 300;
  let found = 0;
  for (let seed = 0; seed < runs; seed++) {
    const group = await simulate([1.1e5, 1e5], seed);
    if (!rank(group, 1000)!.rows[1]!.tied) found++;
  }
  expect(found / runs).toBeGreaterThanOrEqual(0.95);
});

test('21 rounds, as few as a quick run has, claim a difference between equal rows in at most 5 % of runs', async () => {
  const few = { ...settings, budgetNs: 0, leastRounds: 21 };
  let claims = 0;
  for (let seed = 0; seed < 500; seed++) {
    if (anyClaim([await simulate([3e6, 3e6], seed, 'group', few)])) claims++;
  }
  expect(claims / 500).toBeLessThanOrEqual(0.05);
});
