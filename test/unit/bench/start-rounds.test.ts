import { expect, test } from 'vitest';
import { analyse } from '../../../bench/analysis.ts';
import { groupTable } from '../../../bench/report/tables.ts';
import { timesOf } from '../../../bench/start-rounds.ts';
import { fakeFile, fakeGroup, fakeRow } from './fake-file.ts';

test('rows of a start: each phase, what comes behind the last, and the sums', () => {
  const times = timesOf(
    [
      { phase: 'command', fromMs: 0, toMs: 500 },
      { phase: 'data', fromMs: 2000, toMs: 5000 },
      { phase: 'compile', fromMs: 2100, toMs: 6000 },
      { phase: 'first step', fromMs: 6000, toMs: 6100 },
      { phase: 'evaluation', fromMs: 6300, toMs: 7000 },
    ],
    7400,
  );
  expect(Object.fromEntries(times)).toEqual({
    command: 500,
    data: 3000,
    compile: 3900,
    'first step': 100,
    evaluation: 700,
    end: 400,
    'until the first step': 6100,
    'whole command': 7400,
  });
});

test('phases are told in their order, and no phase is faster than another', () => {
  const rows = [fakeRow('browser', [9e9, 9e9, 9e9]), fakeRow('adapter', [1e9, 1e9, 1e9])];
  const analysis = analyse(fakeFile([fakeGroup('base, 20 steps', rows, { suite: 'start', clock: 'wall' })]));
  const { columns, rows: cells } = groupTable(analysis.groups[0]!);
  expect(columns).toEqual(['phase', '>median [95 %]', '>10 % to 90 %']);
  expect(cells.map(([name]) => name)).toEqual(['browser', 'adapter']);
  expect(analysis.comparisons).toBe(0);
});
