import { expect, test } from 'vitest';
import { type ExperimentSettings, experiments, trainSettings } from '../../../src/experiments/experiments.ts';
import type { RunRecord } from '../../../src/page/model/run-record.ts';
import { differencesText } from '../../../src/page/views/runs/run-differences.ts';

const { settings: base } = experiments[0]!;

/** A run with these settings, of so many steps, or of those that its cycles give. */
function runOf(
  changes: Partial<ExperimentSettings> = {},
  steps?: number,
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
  ['Steps: 450', runOf({}, 450)],
  // Their number follows from the cycles,
  ['Cycles: 1', runOf({ cycles: 1 })],
  // or it does not.
  ['Cycles: 1; Steps: 20', runOf({ cycles: 1 }, 20)],
  ['Decay by cycle: 0.5; Steps: 20', runOf({ lrDecay: 0.5 }, 20)],
  ['Initial weights: w.safetensors', runOf({}, undefined, { initial: 'w.safetensors' })],
  ['Kernels: measured', runOf({}, undefined, { kernels: 'measured' })],
  [
    'Forced variants: matmul = naive, sgd = vec4',
    runOf({}, undefined, { forced: { sgd: 'vec4', matmul: 'naive' } }),
  ],
  // An earlier version did not say, this one says none.
  ['nothing', runOf({}, undefined, { forced: {} })],
  ['New order each epoch: no', runOf({}, undefined, { train: { ...baseline.train, shuffle: false } })],
  ['adam', runOf({}, undefined, { settings: null, experiment: 'adam' })],
])('%s', (text, run) => {
  expect(differencesText(run, baseline)).toBe(text);
});

test('the baseline, and a run without one, is called by what it started from', () => {
  expect(differencesText(baseline, baseline)).toBe('base');
  expect(differencesText(baseline, undefined)).toBe('base');
  expect(differencesText(baseline, runOf({}, undefined, { initial: 'w.safetensors' }))).toBe(
    'Initial weights: random',
  );
});

test('beside a baseline that was cut short, a run of whole cycles says its steps', () => {
  expect(differencesText(runOf({ cycles: 1 }), runOf({}, 20))).toBe('Cycles: 1; Steps: 4,500');
});
