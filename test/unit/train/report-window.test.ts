/** Which steps a report covers, and its means. */

import { describe, expect, test } from 'vitest';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import { ReportWindow, type TrainReport } from '../../../src/train/report-window.ts';
import type { TrainSettings } from '../../../src/train/settings.ts';
import { fullyConnected } from '../../fully-connected.ts';

const settings: TrainSettings = {
  net: fullyConnected({ inputs: 4, hidden: [2], classes: 2, batchNorm: courseBatchNorm }),
  init: 'he',
  optimizer: { kind: 'sgd' },
  schedule: { kind: 'cyclical', min: 0, max: 1, halfCycle: 10, decay: 1 },
  steps: 100,
  batchSize: 4,
  replicas: [
    { seed: 1, lambda: 0, rateScale: 1 },
    { seed: 2, lambda: 0, rateScale: 0.5 },
  ],
  valSize: 0,
  shuffle: true,
  flip: false,
  cropPixels: 0,
  reportSteps: 5,
};

/** Reports of the steps from `first` on to the epoch's end; losses and hits are the step's number, 10 times that in replica 1. */
function reportsOf(first: number, epochEnd: number): TrainReport[] {
  const reports: TrainReport[] = [];
  const pace = () => ({ steps: 4, busyMs: 10 });
  const window = new ReportWindow(settings, 8, epochEnd, pace);
  window.onReport = (report) => reports.push(report);
  for (let step = first; step < epochEnd; step++) {
    window.add({ step, lossSums: Float64Array.of(step, 10 * step), hits: Float64Array.of(step % 5, 4) });
  }
  return reports;
}

describe('ReportWindow', () => {
  test('a report every reportSteps steps, and one at the end of an epoch', () => {
    expect(reportsOf(0, 8).map(({ step }) => step)).toEqual([5, 8]);
    expect(reportsOf(8, 16).map(({ step }) => step)).toEqual([10, 15, 16]);
    expect(reportsOf(0, 5).map(({ step }) => step)).toEqual([5]);
  });

  test('means over the samples since the last report, per replica', () => {
    const [first, second] = reportsOf(0, 8);
    expect(first!.loss).toEqual([(0 + 1 + 2 + 3 + 4) / 20, (10 * (0 + 1 + 2 + 3 + 4)) / 20]);
    expect(second!.loss).toEqual([(5 + 6 + 7) / 12, (10 * (5 + 6 + 7)) / 12]);
    expect(first!.accuracy).toEqual([10 / 20, 1]);
    expect(second!.accuracy).toEqual([3 / 12, 1]);
  });

  test('a run that goes on within a window reports what it did', () => {
    const [first] = reportsOf(3, 8);
    expect(first!.step).toBe(5);
    expect(first!.loss[0]).toBe((3 + 4) / 8);
  });

  test('epoch, pace and the learning rate of the last step', () => {
    const [first] = reportsOf(0, 8);
    expect(first!.epoch).toBe(5 / 8);
    expect(first!.msPerStep).toBe(2.5);
    expect(first!.learningRate).toEqual([0.4, 0.2]);
  });

  test('what is not reported goes on in another window, also where a loss was not finite', () => {
    const reports: TrainReport[] = [];
    const pace = () => ({ steps: 4, busyMs: 10 });
    const add = (window: ReportWindow, step: number) =>
      window.add({
        step,
        lossSums: Float64Array.of(step, step === 2 ? Number.NaN : 1),
        hits: Float64Array.of(1, 2),
      });
    const first = new ReportWindow(settings, 8, 8, pace);
    expect(first.unreported(0)).toBeUndefined();
    for (const step of [0, 1, 2]) add(first, step);
    // A step that is not read yet.
    expect(first.unreported(4)).toBeUndefined();
    const unreported = JSON.parse(JSON.stringify(first.unreported(3)));
    expect(unreported).toEqual({ steps: 3, lossSums: [3, null], hits: [3, 6] });
    const second = new ReportWindow(settings, 8, 8, pace);
    second.onReport = (report) => reports.push(report);
    second.goOn(unreported, 3);
    expect(second.unreported(3)).toEqual(unreported);
    for (const step of [3, 4]) add(second, step);
    expect(reports).toMatchObject([{ step: 5, loss: [10 / 20, Number.NaN], accuracy: [5 / 20, 10 / 20] }]);
    expect(second.unreported(5)).toBeUndefined();
  });
});
