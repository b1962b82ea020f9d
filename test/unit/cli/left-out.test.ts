import { expect, test } from 'vitest';
import { leftOutLines } from '../../../src/cli/commands/left-out.ts';

const line = (project: string, name: string, reason: string) =>
  `${JSON.stringify({ project, name, reason })}\n`;

test('what npm test left out, a line for each reason', () => {
  const text = [
    line('node', 'two nodes', 'Slurm is not installed'),
    ...['a', 'b', 'c', 'd', 'e'].map((name) => line('gpu', name, 'the adapter has no subgroups')),
  ].join('');
  expect(leftOutLines(text)).toEqual([
    'left out, 1 test of node: Slurm is not installed (two nodes)',
    'left out, 5 tests of gpu: the adapter has no subgroups (a; b; c, and 2 more)',
  ]);
  expect(leftOutLines('')).toEqual([]);
});
