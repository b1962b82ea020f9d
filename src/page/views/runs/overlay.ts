// Curves of several runs in one chart.
import { type Curve, curveOf, decimate, smooth } from '../../charts/decimate.ts';
import { LineChart, type LineSpec, mostPoints } from '../../charts/line-chart.ts';
import { count, duration, loss, percent, rate, rateTick } from '../../format.ts';
import type { RunMetrics, RunRecord } from '../../model/run-record.ts';
import { dashes, markerOf } from './run-styles.ts';

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

export interface OverlaidRun {
  readonly record: RunRecord;
  readonly metrics: RunMetrics;
}

/** One with the colour and the dash that it has among the others. */
export interface DrawnRun extends OverlaidRun {
  readonly style: number;
}

/** x of a step. */
const scaleOf = ({ stepsPerEpoch, msPerStep }: RunRecord, axis: OverlayAxis): number =>
  axis === 'epoch' ? 1 / Math.max(stepsPerEpoch, 1) : axis === 'seconds' ? (msPerStep ?? 0) / 1000 : 1;

/** The curve of a run, before it is smoothed. */
export function runCurve({ record, metrics }: OverlaidRun, { metric, axis }: OverlayOptions): Curve {
  const isValidation = metric === 'validationAccuracy' || metric === 'validationLoss';
  const steps = isValidation ? metrics.validationSteps : metrics.steps;
  const scale = scaleOf(record, axis);
  const x = steps.map((step) => step * scale);
  if (metric === 'rate') return curveOf(x, metrics.rate, 1);
  return curveOf(x, metrics[metric], metrics.replicas, isValidation ? metrics.validationLoss : metrics.loss);
}

/** What is drawn of a run: no more points than the screen has. */
export interface RunCurves {
  readonly measured: Curve;
  readonly smoothed: Curve;
  /** The last value that was measured and is finite. */
  readonly last: { readonly x: number; readonly value: number } | undefined;
}

const known = new WeakMap<RunMetrics, { readonly key: string; readonly curves: RunCurves }>();

/** The curves of a run: computed again only where it has more rows, or is to be shown in another way. */
export function runCurves(run: OverlaidRun, options: OverlayOptions): RunCurves {
  const { metric, axis, smoothing } = options;
  const { steps, validationSteps } = run.metrics;
  const key = [metric, scaleOf(run.record, axis), smoothing, steps.length, validationSteps.length].join();
  const found = known.get(run.metrics);
  if (found?.key === key) return found.curves;
  const whole = runCurve(run, options);
  const at = whole.middle.findLastIndex(Number.isFinite);
  const measured = decimate(whole, mostPoints);
  const curves = {
    measured,
    smoothed:
      smoothing > 0 ? decimate({ ...whole, middle: smooth(whole.middle, smoothing) }, mostPoints) : measured,
    last: at < 0 ? undefined : { x: whole.x[at]!, value: whole.middle[at]! },
  };
  known.set(run.metrics, { key, curves });
  return curves;
}

/** Where the axis ends. */
export const lastX = (runs: readonly OverlaidRun[], options: OverlayOptions): number =>
  Math.max(0, ...runs.map((run) => runCurves(run, options).measured.x.at(-1) ?? 0));

/** At most so many digits behind the point, without zeros at the end. */
const digits = (value: number, most: number): string => String(Number(value.toFixed(most)));

const isShare = (metric: OverlayMetric): boolean => metric === 'accuracy' || metric === 'validationAccuracy';

/** Clocks show whole seconds. */
const isBrief = (axis: OverlayAxis, end: number): boolean => axis === 'seconds' && end < 10;

/** How values of a metric are written. */
export const valueTextOf = (metric: OverlayMetric): ((value: number) => string) =>
  isShare(metric) ? percent : metric === 'rate' ? rate : loss;

/** How x is written on an axis that ends there. */
export function xTextOf(axis: OverlayAxis, end: number): (x: number) => string {
  if (axis === 'step') return count;
  if (axis === 'epoch') return (x) => digits(x, 3);
  return isBrief(axis, end) ? (x) => `${digits(x, 3)} s` : (x) => duration(1000 * x);
}

export class Overlay {
  readonly #container: HTMLElement;
  #chart: LineChart | undefined;
  #key = '';

  constructor(container: HTMLElement) {
    this.#container = container;
  }

  show(runs: readonly DrawnRun[], options: OverlayOptions): void {
    const { metric, axis, smoothing, isLog, hasBand } = options;
    const lines: LineSpec[] = [];
    const curves: Curve[] = [];
    for (const run of runs) {
      const { style } = run;
      const { name } = run.record;
      const colour = `run-${style}`;
      const dash = dashes[style]!;
      const marker = (drawn: string) => markerOf(style, drawn);
      const about = { label: name, colour, marker, ...(dash.length > 0 && { dash }) };
      const { measured, smoothed } = runCurves(run, options);
      const isBanded = hasBand && run.metrics.replicas > 1 && metric !== 'rate';
      if (smoothing > 0) {
        lines.push({ ...about, label: `${name}, as measured`, isFaint: true, width: 1 });
        curves.push(measured);
      }
      lines.push({ ...about, width: 2, hasBand: isBanded, hasPoints: smoothed.x.length < 40 });
      curves.push(smoothed);
    }
    const end = lastX(runs, options);
    // Scales and axes belong to the chart.
    const key = `${isShare(metric)} ${metric === 'rate'} ${axis} ${isLog} ${isBrief(axis, end)}`;
    if (key !== this.#key) {
      this.#key = key;
      this.#chart?.destroy();
      this.#chart = new LineChart(this.#container, {
        heightPx: 320,
        valueText: valueTextOf(metric),
        ...(metric === 'rate' && { tickText: rateTick }),
        ...(isShare(metric) && { tickText: (value) => `${digits(100 * value, 1)} %` }),
        xText: xTextOf(axis, end),
        xLabel: axis === 'seconds' ? 'time' : axis,
        isLog,
      });
    }
    this.#chart?.show(lines, curves, end);
  }
}
