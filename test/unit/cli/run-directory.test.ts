import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RunDirectory } from '../../../src/cli/folders/run-directory.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-run-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const metricsOf = (name: string) => readFileSync(join(folder, name, 'metrics.jsonl'), 'utf8');

test('a run that goes on in another folder takes the metrics along, up to its step', () => {
  const old = new RunDirectory(join(folder, 'old'));
  old.beginMetrics(0);
  for (const step of [50, 100, 150]) old.addMetrics({ type: 'train', step });
  const next = new RunDirectory(join(folder, 'next'));
  next.takeMetricsOf(old.path);
  next.beginMetrics(100);
  next.addMetrics({ type: 'train', step: 120 });
  const steps = metricsOf('next')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).step);
  expect(steps).toEqual([50, 100, 120]);
  expect(metricsOf('old').trim().split('\n')).toHaveLength(3);
});

test('the first step that was not finite, by replica; a line that a killed process cut off is dropped', () => {
  const directory = new RunDirectory(join(folder, 'run'));
  const lines = [
    { type: 'diverged', replica: 2, step: 70 },
    { type: 'train', step: 100 },
    { type: 'diverged', replica: 2, step: 60 },
    { type: 'diverged', replica: 0, step: 90 },
  ];
  const text = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"tr`;
  writeFileSync(join(directory.path, 'metrics.jsonl'), text);
  directory.beginMetrics(100);
  expect([...directory.divergedSteps()]).toEqual([
    [2, 60],
    [0, 90],
  ]);
});
