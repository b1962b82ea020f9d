import uPlot from 'uplot';
import { count, none, percent } from './format.ts';
import type { History } from './history.ts';

/** A colour of page.css, as it is in the colour scheme of the moment. */
const colour = (name: string) => () =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

const heightOf = (width: number): number => Math.round(Math.min(340, Math.max(280, width * 0.4)));

/** The next of 100, 200, 500, 1000, ... from `step` on, but not beyond the end: the axis grows in few leaps. */
export function axisEnd(step: number, steps: number): number {
  let end = 100;
  for (let i = 0; end < step; i++) end *= i % 3 === 1 ? 2.5 : 2;
  return Math.min(end, steps);
}

/** Draws loss (left axis) and accuracies (right axis) by step. */
export class Chart {
  readonly #plot: uPlot;
  #steps: number;

  constructor(container: HTMLElement, steps: number) {
    this.#steps = steps;
    const width = container.clientWidth;
    this.#plot = new uPlot(
      { ...this.#options(), width, height: heightOf(width) },
      [[], [], [], []],
      container,
    );
    new ResizeObserver(() => {
      const width = container.clientWidth;
      this.#plot.setSize({ width, height: heightOf(width) });
    }).observe(container);
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.#plot.redraw());
  }

  show({ steps, loss, trainingAccuracy, validationAccuracy }: History): void {
    this.#plot.setData([steps, loss, trainingAccuracy, validationAccuracy]);
  }

  #options(): Omit<uPlot.Options, 'width' | 'height'> {
    const font = '12px system-ui, sans-serif';
    const axis = { font, labelFont: font, labelSize: 20, labelGap: 0, ticks: { show: false } };
    const grid = { stroke: colour('grid'), width: 1 };
    return {
      padding: [12, 0, 0, 0],
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
      legend: { markers: { width: 0, fill: (_, index) => `var(--${seriesColours[index]})` } },
      // Seven divisions each, so that one grid serves both axes.
      scales: {
        x: { time: false, range: (_, _min, max) => [0, axisEnd(max ?? 0, this.#steps)] },
        loss: { range: (_, _min, max) => [0, Math.max(3.5, Math.ceil(2 * (max ?? 0)) / 2)] },
        accuracy: { range: (_, _min, max) => [0, Math.max(0.7, Math.ceil(10 * (max ?? 0)) / 10)] },
      },
      axes: [
        {
          ...axis,
          label: 'step',
          stroke: colour('quiet'),
          grid,
          size: 28,
          space: 70,
          incrs: [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000],
          values: (_, splits) => splits.map(count),
        },
        { ...axis, scale: 'loss', label: 'loss', stroke: colour('loss'), grid, size: 34 },
        {
          ...axis,
          scale: 'accuracy',
          label: 'accuracy',
          stroke: colour('training'),
          side: 1,
          size: 56,
          gap: 15,
          grid: { show: false },
          values: (_, splits) => splits.map((value) => `${Math.round(100 * value)} %`),
        },
      ],
      series: [
        { label: 'Step', value: latest(count) },
        {
          label: 'Loss, training',
          scale: 'loss',
          stroke: colour('loss'),
          width: 1.25,
          spanGaps: true,
          points: { show: false },
          value: latest((value) => value.toFixed(3)),
        },
        {
          label: 'Accuracy, training',
          scale: 'accuracy',
          stroke: colour('training'),
          width: 1.25,
          spanGaps: true,
          points: { show: false },
          value: latest(percent),
        },
        {
          label: 'Accuracy, validation',
          scale: 'accuracy',
          stroke: colour('validation'),
          width: 2,
          spanGaps: true,
          points: { show: true, size: 7, fill: colour('validation') },
          value: latest(percent),
        },
      ],
    };
  }
}

/** Colours of page.css by series; the first series is the step. */
const seriesColours = ['quiet', 'loss', 'training', 'validation'];

/** The legend's text: the value under the cursor or, without one, the last; for a series with gaps the one before. */
const latest =
  (text: (value: number) => string) =>
  (plot: uPlot, _value: number, series: number, index: number | null): string => {
    const values = plot.data[series]!;
    for (let i = index ?? values.length - 1; i >= 0; i--) {
      const value = values[i];
      if (typeof value === 'number') return text(value);
    }
    return none;
  };
