// Accuracy, learning rate and loss of the live run, on one x axis.
import { type Curve, curveOf } from '../../charts/decimate.ts';
import { LineChart, type LineSpec } from '../../charts/line-chart.ts';
import { loss, rate, rateTick } from '../../format.ts';
import type { LiveRun } from '../../model/live-run.ts';

/** The charts of the Train view, in the elements that it made for them. */
export class LiveCharts {
  readonly #accuracy: LineChart;
  readonly #rate: LineChart;
  readonly #loss: LineChart;

  constructor(accuracy: HTMLElement, rateStrip: HTMLElement, lossChart: HTMLElement) {
    const sync = 'live';
    this.#accuracy = new LineChart(accuracy, {
      heightPx: 240,
      valueText: (value) => `${(100 * value).toFixed(0)} %`,
      sync,
      hidesX: true,
      range: (_, max) => [0, Math.max(0.6, Math.ceil(10 * max) / 10)],
    });
    this.#rate = new LineChart(rateStrip, {
      heightPx: 96,
      valueText: rate,
      tickText: rateTick,
      xLabel: 'step',
      sync,
      hasLegend: false,
    });
    this.#loss = new LineChart(lossChart, {
      heightPx: 220,
      valueText: loss,
      xLabel: 'step',
      sync,
      range: (_, max) => [0, Math.max(2.5, Math.ceil(2 * max) / 2)],
    });
  }

  show({ metrics, record }: LiveRun): void {
    const { steps, replicas, validationSteps } = metrics;
    const hasBand = replicas > 1;
    const lines = (what: string): readonly LineSpec[] => [
      { label: `${what}, training`, colour: 'training', hasBand },
      { label: `${what}, validation`, colour: 'validation', width: 2, hasPoints: true, hasBand },
    ];
    const end = record.train.steps;
    const curves = (training: readonly number[], validation: readonly number[]): readonly Curve[] => [
      curveOf(steps, training, replicas, metrics.loss),
      curveOf(validationSteps, validation, replicas, metrics.validationLoss),
    ];
    this.#accuracy.show(lines('Accuracy'), curves(metrics.accuracy, metrics.validationAccuracy), end);
    this.#loss.show(lines('Loss'), curves(metrics.loss, metrics.validationLoss), end);
    this.#rate.show([{ label: 'Learning rate', colour: 'quiet' }], [curveOf(steps, metrics.rate, 1)], end);
  }
}
