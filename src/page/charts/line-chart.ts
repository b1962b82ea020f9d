import uPlot from 'uplot';
import { count } from '../format.ts';
import { type Curve, decimate } from './decimate.ts';

/** One line of a chart. */
export interface LineSpec {
  readonly label: string;
  /** A custom property of page.css, without its dashes: `training`. */
  readonly colour: string;
  readonly dash?: readonly number[];
  /** Background of its marker in the legend, given the colour: that alone where not given. */
  readonly marker?: (colour: string) => string;
  readonly width?: number;
  /** Draw the points too: a line of few values. */
  readonly hasPoints?: boolean;
  /** Draw the band between `low` and `high`. */
  readonly hasBand?: boolean;
  /** As part of the colour's opacity: what stands behind a smoothed line. */
  readonly isFaint?: boolean;
}

export interface ChartSpec {
  readonly heightPx: number;
  /** Text of a value in the legend, and on the axis unless `tickText` is given. */
  readonly valueText: (value: number) => string;
  /** Seven characters at most: there is no room for more. */
  readonly tickText?: (value: number) => string;
  readonly xText?: (value: number) => string;
  readonly xLabel?: string;
  /** Charts with the same name share their cursor. */
  readonly sync?: string;
  /** Range of y given that of the values; by default around them. */
  readonly range?: (min: number, max: number) => readonly [number, number];
  readonly isLog?: boolean;
  readonly hasLegend?: boolean;
  readonly hidesX?: boolean;
}

/** Points of one line that are drawn: two for each pixel of a wide screen. */
export const mostPoints = 2048;

const styleOf = (name: string): string =>
  getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

/** A chart of lines by x, with bands; made again only where its lines change. */
export class LineChart {
  readonly #container: HTMLElement;
  readonly #spec: ChartSpec;
  #plot: uPlot | undefined;
  #lines: readonly LineSpec[] = [];
  #xMax = 1;
  /** x of values that are not finite. */
  #broken: number[] = [];
  #isZoomed = false;
  readonly #end = new AbortController();

  constructor(container: HTMLElement, spec: ChartSpec) {
    this.#container = container;
    this.#spec = spec;
    const observer = new ResizeObserver(() => this.#resize());
    observer.observe(container);
    this.#end.signal.addEventListener('abort', () => observer.disconnect());
    for (const query of ['(prefers-color-scheme: dark)', '(forced-colors: active)']) {
      matchMedia(query).addEventListener('change', () => this.#recolour(), { signal: this.#end.signal });
    }
  }

  /** Takes it off the page. */
  destroy(): void {
    this.#end.abort();
    this.#plot?.destroy();
    this.#plot = undefined;
  }

  /** Draws the curves; `xMax` is where the axis ends. */
  show(lines: readonly LineSpec[], curves: readonly Curve[], xMax: number): void {
    this.#xMax = xMax || 1;
    this.#broken = curves.flatMap(({ broken }) => broken);
    if (this.#plot === undefined || JSON.stringify(lines) !== JSON.stringify(this.#lines)) this.#make(lines);
    const data = tables(lines, curves);
    // What somebody zoomed into stays on the screen while values come.
    this.#plot?.setData(data, !this.#isZoomed);
    if (this.#isZoomed) this.#plot?.redraw();
  }

  #make(lines: readonly LineSpec[]): void {
    const width = this.#container.clientWidth;
    if (width === 0) return; // Not on the screen: with the next size.
    this.#plot?.destroy();
    this.#isZoomed = false;
    this.#lines = lines;
    const { heightPx } = this.#spec;
    this.#plot = new uPlot(
      { ...this.#options(lines), width, height: heightPx },
      tables(
        lines,
        lines.map(() => ({ x: [], middle: [], low: [], high: [], broken: [] })),
      ),
      this.#container,
    );
  }

  /** Made anew, since the legend keeps its colours: at once, or with the next curves where it is not on the screen. */
  #recolour(): void {
    const plot = this.#plot;
    if (plot === undefined) return;
    plot.redraw();
    const lines = this.#lines;
    this.#lines = [];
    if (this.#container.clientWidth === 0) return;
    this.#make(lines);
    this.#plot?.setData(plot.data);
  }

  #resize(): void {
    const width = this.#container.clientWidth;
    if (width > 0) this.#plot?.setSize({ width, height: this.#spec.heightPx });
  }

  #options(lines: readonly LineSpec[]): Omit<uPlot.Options, 'width' | 'height'> {
    const {
      heightPx,
      valueText,
      tickText = valueText,
      xText = count,
      xLabel,
      sync,
      range,
      isLog,
      hasLegend = true,
      hidesX,
    } = this.#spec;
    const font = '12px system-ui, sans-serif';
    const axis = { font, labelFont: font, labelSize: 18, labelGap: 0, ticks: { show: false } };
    const quiet = () => styleOf('quiet');
    const grid = { stroke: () => styleOf('grid'), width: 1 };
    const series: uPlot.Series[] = [{ label: xLabel ?? 'step', value: latest(xText) }];
    const bands: uPlot.Band[] = [];
    for (const line of lines) {
      const stroke = () => styleOf(line.colour) + (line.isFaint ? '55' : '');
      series.push({
        label: line.label,
        stroke,
        width: line.width ?? 1.5,
        ...(line.dash && { dash: [...line.dash] }),
        spanGaps: true,
        points: { show: line.hasPoints ?? false, size: 6 },
        value: latest(valueText),
      });
      if (!line.hasBand) continue;
      const edge: uPlot.Series = {
        class: 'is-edge',
        stroke: 'transparent',
        width: 0,
        spanGaps: true,
        points: { show: false },
      };
      bands.push({
        series: [series.length, series.length + 1],
        fill: () => `${styleOf(line.colour)}2e`,
      });
      series.push({ ...edge, label: `${line.label}, high` }, { ...edge, label: `${line.label}, low` });
    }
    return {
      padding: [8, 18, hidesX ? 10 : 0, 0],
      cursor: {
        drag: { x: true, y: false },
        y: false,
        points: { size: 6 },
        dataIdx: rowAt,
        ...(sync !== undefined && { sync: { key: sync, setSeries: false } }),
      },
      legend: {
        show: hasLegend,
        markers: {
          width: 0,
          fill: (_, i) => {
            const { colour = 'quiet', marker = String } = lineOf(lines, i) ?? {};
            return marker(styleOf(colour));
          },
        },
      },
      bands,
      hooks: { draw: [(plot) => this.#markBroken(plot)] },
      scales: {
        x: {
          time: false,
          range: (plot, min, max) => {
            // A redraw comes with the whole axis, which is no zoom either.
            this.#isZoomed = isZoomed(plot, min, max) && (min !== 0 || max !== this.#xMax);
            return this.#isZoomed ? [min, max] : [0, this.#xMax];
          },
        },
        y: {
          ...(isLog && { distr: 3 }),
          range: (_, min, max) => {
            const [low, high] = [min ?? 0, max ?? 1];
            if (range !== undefined) return [...range(low, high)];
            // Room around flat lines too: ticks that differ, and dots that are whole.
            const factor = high > 2 * low ? 1.1 : 2;
            const margin = Math.max((high - low) * 0.05, Math.abs(high) * 0.02) || 0.05;
            return isLog ? [low / factor, high * factor] : [low - margin, high + margin];
          },
        },
      },
      axes: [
        {
          ...axis,
          ...(xLabel !== undefined && { label: xLabel }),
          show: !hidesX,
          stroke: quiet,
          grid,
          size: 26,
          space: 64,
          ...(xText === count && { incrs: wholeSteps }),
          values: (_, splits) => once(splits.map(xText)),
        },
        {
          ...axis,
          stroke: quiet,
          grid,
          size: 52,
          ...(heightPx < 120 && { space: 16 }),
          values: (_, splits) => once(splits.map((v) => (v === null ? '' : tickText(v)))),
        },
      ],
      series,
    };
  }

  /** A cross at the lower edge for every value that is not finite: the line alone would only have a gap. */
  #markBroken(plot: uPlot): void {
    if (this.#broken.length === 0) return;
    const { ctx, bbox, scales } = plot;
    const { min = 0, max = 0 } = scales.x!;
    const shown = this.#broken.filter((x) => x >= min && x <= max);
    // One for each pixel, however many there are.
    const lefts = new Set(shown.map((x) => Math.round(plot.valToPos(x, 'x', true))));
    const size = 4 * devicePixelRatio;
    ctx.save();
    ctx.strokeStyle = styleOf('alarm');
    ctx.lineWidth = 2 * devicePixelRatio;
    for (const left of lefts) {
      const top = bbox.top + bbox.height - 2 * size;
      ctx.beginPath();
      ctx.moveTo(left - size, top - size);
      ctx.lineTo(left + size, top + size);
      ctx.moveTo(left + size, top - size);
      ctx.lineTo(left - size, top + size);
      ctx.stroke();
    }
    ctx.restore();
  }
}

/** 1, 2, 5, 10, ...: ticks of what is counted. */
const wholeSteps = Array.from({ length: 24 }, (_, i) => [1, 2, 5][i % 3]! * 10 ** Math.floor(i / 3));

/** The same text twice would say that the axis stands still. */
const once = (texts: readonly string[]): string[] =>
  texts.map((text, i) => (text === texts[i - 1] ? '' : text));

/** uPlot gives the data's own range unless the visitor has dragged one. */
const isZoomed = (plot: uPlot, min: number | null, max: number | null): boolean => {
  const x = plot.data[0];
  if (x === undefined || x.length === 0 || min === null || max === null) return false;
  const [first, last] = [x[0]!, x[x.length - 1]!];
  // Around a single value uPlot makes room.
  return first !== last && (min !== first || max !== last);
};

/** The line that a series belongs to; bands have two series more. */
function lineOf(lines: readonly LineSpec[], series: number): LineSpec | undefined {
  let at = 1;
  for (const line of lines) {
    if (series === at) return line;
    at += line.hasBand ? 3 : 1;
  }
  return undefined;
}

/** uPlot's table: one x for all lines, null where a line has no value there. */
function tables(lines: readonly LineSpec[], curves: readonly Curve[]): uPlot.AlignedData {
  const finite = (values: readonly number[]) =>
    values.map((value) => (Number.isFinite(value) ? value : null));
  const parts = curves.map((curve, i): uPlot.AlignedData => {
    const { x, middle, low, high } = decimate(curve, mostPoints);
    return lines[i]!.hasBand ? [[...x], finite(middle), finite(high), finite(low)] : [[...x], finite(middle)];
  });
  return parts.length === 0 ? [[]] : uPlot.join(parts);
}

/** The row whose value a line has at a row: between two of its points that of the first. Ahead of its first and behind its last finite value it has none. */
function rowAt(plot: uPlot, series: number, row: number): number {
  const values = plot.data[series] as number[];
  const before = values.findLastIndex((value, i) => i <= row && Number.isFinite(value));
  return before >= 0 && values.some((value, i) => i >= row && Number.isFinite(value)) ? before : row;
}

/** The legend's text: the value under the cursor or, without one, the last. */
const latest =
  (text: (value: number) => string) =>
  (plot: uPlot, _value: number, series: number, row: number | null): string => {
    const values = plot.data[series] as number[] | undefined;
    const value = row === null ? values?.findLast(Number.isFinite) : values?.[row];
    return Number.isFinite(value) ? text(value!) : '–';
  };
