import { expect, test } from 'vitest';
import { type ExperimentSettings, experiments, trainSettings } from '../../../src/experiments/experiments.ts';
import type { RunRecord } from '../../../src/page/model/run-record.ts';
import { differencesText } from '../../../src/page/views/runs/run-differences.ts';

const { settings: base } = experiments[0]!;

/** A run with these settings, of so many steps. */
function runOf(
  changes: Partial<ExperimentSettings> = {},
  steps = 900,
  rest: Partial<RunRecord> = {},
): RunRecord {
  const settings = { ...base, ...changes };
  const train = trainSettings(settings, { seeds: [1], shuffle: true, reportSteps: 5, steps });
  const about = { experiment: 'base', kernels: 'default', initial: null } as const;
  return { id: crypto.randomUUID(), settings, train, ...about, ...rest } as RunRecord;
}
const baseline = runOf();

test.each([
  ['nothing', runOf()],
  ['Lambda: 0.001', runOf({ lambda: 0.001 })],
  ['Hidden layers: 20; Batch norm: none', runOf({ batchNorm: null, hidden: [20] })],
  ['450 steps', runOf({}, 450)],
  // Their number follows from the cycles.
  ['Cycles: 1', runOf({ cycles: 1 }, 450)],
  ['Initial weights: w.safetensors', runOf({}, 900, { initial: 'w.safetensors' })],
  ['Kernels: measured', runOf({}, 900, { kernels: 'measured' })],
  ['New order each epoch: no', runOf({}, 900, { train: { ...baseline.train, shuffle: false } })],
  ['adam', runOf({}, 900, { settings: null, experiment: 'adam' })],
])('%s', (text, run) => {
  expect(differencesText(run, baseline)).toBe(text);
});

test('the baseline, and a run without one, is called by what it started from', () => {
  expect(differencesText(baseline, baseline)).toBe('base');
  expect(differencesText(baseline, undefined)).toBe('base');
  expect(differencesText(baseline, runOf({}, 900, { initial: 'w.safetensors' }))).toBe(
    'Initial weights: random',
  );
});
