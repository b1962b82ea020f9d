import { expect, test } from 'vitest';
import {
  failedLines,
  leftOutLines,
  type Outcome,
  readOutcomes,
} from '../../../src/cli/commands/test-summary.ts';

const outcome = (kind: Outcome['kind'], project: string, name: string, reason: string): Outcome => ({
  kind,
  project,
  name,
  reason,
});

test('what npm test left out, a line for each reason', () => {
  const outcomes = [
    outcome('left out', 'node', 'two nodes', 'Slurm is not installed'),
    outcome('failed', 'node', 'c', 'three'),
    ...['a', 'b', 'c', 'd', 'e'].map((name) =>
      outcome('left out', 'gpu', name, 'the adapter has no subgroups'),
    ),
  ];
  expect(leftOutLines(readOutcomes(outcomes.map((each) => `${JSON.stringify(each)}\n`).join('')))).toEqual([
    'left out, 1 test of node: Slurm is not installed (two nodes)',
    'left out, 5 tests of gpu: the adapter has no subgroups (a; b; c, and 2 more)',
  ]);
  expect(leftOutLines(readOutcomes(''))).toEqual([]);
});

test('what failed, a line each, and parts that failed without a word', () => {
  const outcomes = [
    outcome('left out', 'page', 'a', 'no time'),
    outcome('failed', 'unit', 'sum.test.ts > one and one', 'expected 3 to be 2'),
    outcome('failed', 'gpu (chrome)', 'sum.test.ts > two and two', 'expected 5 to be 4'),
  ];
  const statuses = new Map([
    ['lavapipe', 0],
    ['gpu', 1],
    ['unit', 1],
    ['page', 134],
  ]);
  expect(failedLines(outcomes, statuses)).toEqual([
    'failed, unit: sum.test.ts > one and one: expected 3 to be 2',
    'failed, gpu (chrome): sum.test.ts > two and two: expected 5 to be 4',
    'failed, page: exit status 134; it named no test',
  ]);
  expect(failedLines([], new Map([['gpu', 0]]))).toEqual([]);
});
