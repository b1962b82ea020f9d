// Curves of several runs in one chart.
import { type Curve, curveOf, smooth } from '../../charts/decimate.ts';
import { LineChart, type LineSpec } from '../../charts/line-chart.ts';
import { count, duration, rate, rateTick } from '../../format.ts';
import type { RunMetrics, RunRecord } from '../../model/run-record.ts';

export const overlayMetrics = [
  ['validationAccuracy', 'Validation accuracy'],
  ['accuracy', 'Training accuracy'],
  ['validationLoss', 'Validation loss'],
  ['loss', 'Training loss'],
  ['rate', 'Learning rate'],
] as const;
export type OverlayMetric = (typeof overlayMetrics)[number][0];

export const overlayAxes = ['step', 'epoch', 'seconds'] as const;
export type OverlayAxis = (typeof overlayAxes)[number];

export interface OverlayOptions {
  readonly metric: OverlayMetric;
  readonly axis: OverlayAxis;
  /** 0: as measured. */
  readonly smoothing: number;
  readonly isLog: boolean;
  readonly hasBand: boolean;
}

/** At most so many runs can be told apart. */
export const mostOverlaid = 8;

const dashes: readonly (readonly number[])[] = [
  [],
  [8, 4],
  [2, 3],
  [8, 3, 2, 3],
  [],
  [8, 4],
  [2, 3],
  [8, 3, 2, 3],
];

export interface OverlaidRun {
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
}

/** The curve of a run, before it is smoothed. */
export function runCurve({ record, metrics }: OverlaidRun, { metric, axis }: OverlayOptions): Curve {
  const isValidation = metric === 'validationAccuracy' || metric === 'validationLoss';
  const steps = isValidation ? metrics.validationSteps : metrics.steps;
  const scale =
    axis === 'epoch'
      ? 1 / Math.max(record.stepsPerEpoch, 1)
      : axis === 'seconds'
        ? (record.msPerStep ?? 0) / 1000
        : 1;
  const x = steps.map((step) => step * scale);
  if (metric === 'rate') return curveOf(x, metrics.rate, 1);
  return curveOf(
    x,
    metrics[metric],
    metrics.replicas,
    isValidation ? metrics.validationLoss : metrics.loss,
  );
}

/** At most so many digits behind the point, without zeros at the end. */
const digits = (value: number, most: number): string => String(Number(value.toFixed(most)));

export class Overlay {
  readonly #container: HTMLElement;
  #chart: LineChart | undefined;
  #key = '';

  constructor(container: HTMLElement) {
    this.#container = container;
  }

  show(runs: readonly OverlaidRun[], options: OverlayOptions): void {
    const { metric, axis, smoothing, isLog, hasBand } = options;
    const isShare = metric === 'accuracy' || metric === 'validationAccuracy';
    const lines: LineSpec[] = [];
    const curves: Curve[] = [];
    for (const run of runs) {
      const { style, name } = run.record;
      const colour = `run-${style % 8}`;
      const dash = dashes[style % 8]!;
      const about = { label: name, colour, ...(dash.length > 0 && { dash }) };
      const curve = runCurve(run, options);
      const isBanded = hasBand && run.metrics.replicas > 1 && metric !== 'rate';
      if (smoothing > 0) {
        lines.push({ ...about, label: `${name}, as measured`, isFaint: true, width: 1 });
        curves.push(curve);
      }
      lines.push({ ...about, width: 2, hasBand: isBanded, hasPoints: curve.x.length < 40 });
      curves.push({ ...curve, middle: smooth(curve.middle, smoothing) });
    }
    const end = Math.max(0, ...curves.map(({ x }) => x.at(-1) ?? 0));
    // Clocks show whole seconds.
    const isBrief = axis === 'seconds' && end < 10;
    // Scales and axes belong to the chart.
    const key = `${isShare} ${metric === 'rate'} ${axis} ${isLog} ${isBrief}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#chart?.destroy();
      this.#chart = new LineChart(this.#container, {
        heightPx: 320,
        valueText: isShare
          ? (value) => `${(100 * value).toFixed(1)} %`
          : metric === 'rate'
            ? rate
            : (value) => value.toFixed(3),
        ...(metric === 'rate' && { tickText: rateTick }),
        ...(isShare && { tickText: (value) => `${digits(100 * value, 1)} %` }),
        xText:
          axis === 'step'
            ? count
            : axis === 'epoch'
              ? (x) => digits(x, 3)
              : isBrief
                ? (x) => `${digits(x, 3)} s`
                : (x) => duration(1000 * x),
        xLabel: axis === 'seconds' ? 'time' : axis,
        isLog,
      });
    }
    this.#chart?.show(lines, curves, end);
  }
}
