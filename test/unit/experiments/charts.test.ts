import { describe, expect, test } from 'vitest';
import { lineChart } from '../../../src/experiments/charts.ts';

const chart = (values: readonly number[]) =>
  lineChart({
    title: 'learning rate',
    xLabel: 'steps',
    isLog: true,
    series: [
      {
        name: 'a',
        colour: 'red',
        points: values.map((value, x) => ({ x, mean: value, low: value, high: value })),
      },
    ],
  });

const heights = (svg: string): number[] =>
  /<polyline points="([^"]*)"/
    .exec(svg)![1]!
    .split(' ')
    .map((point) => Number(point.split(',')[1]));

describe('a logarithmic axis', () => {
  test('begins at the smallest value that is not 0, where 0 stands too', () => {
    const [zero, small, large] = heights(chart([0, 1e-3, 1e-1]));
    expect(zero).toBe(small);
    expect(large).toBeLessThan(small!);
  });

  test('all 0: drawn, on one height', () => {
    expect(new Set(heights(chart([0, 0]))).size).toBe(1);
  });
});
