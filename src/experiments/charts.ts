// Charts as SVG text, for a report that needs nothing else: no script, no network.
import type { CurvePoint } from './curves.ts';
import { type Reported, reportedRange, reportedText } from './reported.ts';
import type { Interval } from './statistics.ts';

/** Okabe and Ito's colours, told apart by everybody (https://jfly.uni-koeln.de/color/). */
const colours = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#000000'];
export const colourOf = (index: number): string => colours[index % colours.length]!;

export const escapeText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly CurvePoint[];
}

interface Scale {
  readonly min: number;
  readonly max: number;
  readonly ticks: readonly number[];
  /** Place in 0..1. */
  place(value: number): number;
}

/** Round numbers that cover [min, max]: steps of 1, 2 or 5 times a power of ten. */
export function linearScale(min: number, max: number, wanted = 5): Scale {
  const isWide = max - min > 1e-9 * Math.abs(max);
  const span = isWide ? max - min : Math.abs(max) || 1;
  const rough = span / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * 0.999)!;
  const [first, last] = [Math.floor(min / step + 1e-9), Math.ceil(max / step - 1e-9)];
  const count = Math.max(1, last - first);
  const ticks = Array.from({ length: count + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  return { min: low, max: high, ticks, place: (value) => (value - low) / (high - low) };
}

/** Powers of ten that cover [min, max], both positive. */
export function logScale(min: number, max: number): Scale {
  const first = Math.floor(Math.log10(min) + 1e-9);
  const last = Math.max(first + 1, Math.ceil(Math.log10(max) - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => Number(`1e${first + i}`));
  return {
    min: ticks[0]!,
    max: ticks.at(-1)!,
    ticks,
    place: (value) => (Math.log10(Math.max(value, ticks[0]!)) - first) / (last - first),
  };
}

const tickText = (value: number): string =>
  value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)
    ? value.toExponential(0)
    : `${Number(value.toPrecision(6))}`;

const round = (value: number): string => `${Math.round(value * 10) / 10}`;

const size = { width: 520, height: 300, left: 52, right: 12, top: 26, bottom: 40 };
const plotWidth = size.width - size.left - size.right;
const plotHeight = size.height - size.top - size.bottom;

interface Frame {
  readonly title: string;
  readonly xLabel: string;
  readonly x: Scale;
  readonly y: Scale;
}

const xOf = ({ x }: Frame, value: number): number => size.left + x.place(value) * plotWidth;
const yOf = ({ y }: Frame, value: number): number => size.top + (1 - y.place(value)) * plotHeight;

function frameText(frame: Frame, content: string): string {
  const { title, xLabel, x, y } = frame;
  const [bottom, right] = [size.height - size.bottom, size.width - size.right];
  const grid = y.ticks.map((tick) => {
    const place = round(yOf(frame, tick));
    return (
      `<line class="grid" x1="${size.left}" x2="${right}" y1="${place}" y2="${place}"/>` +
      `<text x="${size.left - 6}" y="${place}" dy="0.32em" text-anchor="end">${tickText(tick)}</text>`
    );
  });
  const ticks = x.ticks.map((tick) => {
    const place = round(xOf(frame, tick));
    return (
      `<line class="grid" x1="${place}" x2="${place}" y1="${bottom}" y2="${bottom + 4}"/>` +
      `<text x="${place}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`
    );
  });
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${escapeText(title)}">`,
    `<text class="title" x="${size.left}" y="16">${escapeText(title)}</text>`,
    ...grid,
    ...ticks,
    `<text x="${size.left + plotWidth / 2}" y="${size.height - 6}" text-anchor="middle">${escapeText(xLabel)}</text>`,
    content,
    '</svg>',
  ].join('\n');
}

export interface LineChart {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly Series[];
  readonly isLog?: boolean;
}

/** Lines of the means, each in a band from the smallest to the largest seed. Empty text where there is nothing to draw. */
export function lineChart({ title, xLabel, series, isLog = false }: LineChart): string {
  const points = series.flatMap((one) => one.points);
  if (points.length === 0) return '';
  const lows = points.map(({ low }) => low);
  const highs = points.map(({ high }) => high);
  // A rate that begins at 0 stands at the foot of a logarithmic axis.
  const positive = lows.filter((low) => low > 0);
  const scale = isLog && positive.length > 0 ? logScale : linearScale;
  const frame: Frame = {
    title,
    xLabel,
    x: linearScale(0, Math.max(...points.map(({ x }) => x))),
    y: scale(Math.min(...(scale === logScale ? positive : lows)), Math.max(...highs)),
  };
  const at = (x: number, y: number) => `${round(xOf(frame, x))},${round(yOf(frame, y))}`;
  const drawn = series.map(({ name, colour, points: ofSeries }) => {
    const upper = ofSeries.map(({ x, high }) => at(x, high));
    const lower = ofSeries.map(({ x, low }) => at(x, low)).reverse();
    const line = ofSeries.map(({ x, mean }) => at(x, mean)).join(' ');
    const hasBand = ofSeries.some(({ low, high }) => high > low);
    const band = hasBand
      ? `<polygon points="${[...upper, ...lower].join(' ')}" fill="${colour}" opacity="0.18"/>`
      : '';
    // A single point is no line.
    const dot =
      ofSeries.length === 1
        ? `<circle cx="${line.split(',')[0]}" cy="${line.split(',')[1]}" r="3" fill="${colour}"/>`
        : '';
    return `<g><title>${escapeText(name)}</title>${band}<polyline points="${line}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dot}</g>`;
  });
  return frameText(frame, drawn.join('\n'));
}

/** Values at some places of a logarithmic axis. */
export interface PointChart {
  readonly title: string;
  readonly xLabel: string;
  readonly series: readonly (Series & {
    /** By a line, from left to right. */
    readonly isJoined: boolean;
  })[];
}

/** A dot with its interval for each point. What is at 0 stands at the left edge. Empty text where there is nothing to draw. */
export function pointChart({ title, xLabel, series }: PointChart): string {
  const points = series.flatMap((one) => one.points);
  const positive = points.map(({ x }) => x).filter((x) => x > 0);
  if (positive.length === 0) return '';
  const frame: Frame = {
    title,
    xLabel,
    x: logScale(Math.min(...positive), Math.max(...positive)),
    y: linearScale(Math.min(...points.map(({ low }) => low)), Math.max(...points.map(({ high }) => high))),
  };
  const drawn = series.map(({ name, colour, points: ofSeries, isJoined }) => {
    const places = ofSeries
      .toSorted((a, b) => a.x - b.x)
      .map(({ x, mean, low, high }) => ({
        x: round(xOf(frame, x)),
        y: round(yOf(frame, mean)),
        from: round(yOf(frame, low)),
        to: round(yOf(frame, high)),
      }));
    const line = isJoined
      ? `<polyline points="${places.map(({ x, y }) => `${x},${y}`).join(' ')}" fill="none" stroke="${colour}" stroke-width="1"/>`
      : '';
    const dots = places.map(
      ({ x, y, from, to }) =>
        `<line x1="${x}" x2="${x}" y1="${from}" y2="${to}" stroke="${colour}" opacity="0.5"/><circle cx="${x}" cy="${y}" r="3" fill="${colour}"/>`,
    );
    return `<g><title>${escapeText(name)}</title>${line}${dots.join('')}</g>`;
  });
  return frameText(frame, drawn.join('\n'));
}

/** A line of the dot chart. */
export interface Dots {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
  readonly mean: number;
  readonly interval: Interval | null;
  readonly reported: Reported | null;
}

/** Each seed as a dot, the mean with its interval above it, the report's figure as a diamond. */
export function dotChart(title: string, rows: readonly Dots[]): string {
  const all = rows.flatMap(({ values, interval, reported }) => [
    ...values,
    ...(interval ?? []),
    ...(reported === null ? [] : reportedRange(reported)),
  ]);
  const x = linearScale(Math.min(...all), Math.max(...all), 7);
  const [right, rowHeight, top, width] = [20, 34, 26, 720];
  // A character of 11 px is about 6 wide.
  const left = Math.max(110, 16 + 6 * Math.max(...rows.map(({ name }) => name.length)));
  const bottom = top + rows.length * rowHeight;
  const place = (value: number) => left + x.place(value) * (width - left - right);
  const grid = x.ticks.map((tick) => {
    const at = round(place(tick));
    return (
      `<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}"/>` +
      `<text x="${at}" y="${bottom + 16}" text-anchor="middle">${tickText(tick)}</text>`
    );
  });
  const lines = rows.map(({ name, colour, values, mean, interval, reported }, i) => {
    const y = top + (i + 0.5) * rowHeight;
    const dots = values.map(
      (value) => `<circle cx="${round(place(value))}" cy="${y + 6}" r="3.5" fill="${colour}" opacity="0.6"/>`,
    );
    const [low, high] = interval ?? [mean, mean];
    const bar = `<line x1="${round(place(low))}" x2="${round(place(high))}" y1="${y - 5}" y2="${y - 5}" stroke="${colour}" stroke-width="2"/>`;
    const middle = `<line x1="${round(place(mean))}" x2="${round(place(mean))}" y1="${y - 10}" y2="${y}" stroke="${colour}" stroke-width="3"/>`;
    const diamonds =
      reported === null
        ? []
        : [...new Set(reportedRange(reported))].map(
            (figure) =>
              `<path class="reported" d="M${round(place(figure))} ${y - 5}l5 5l-5 5l-5 -5z"><title>the report: ${reportedText(reported)}</title></path>`,
          );
    return `<text x="${left - 8}" y="${y}" dy="0.32em" text-anchor="end">${escapeText(name)}</text>${dots.join('')}${bar}${middle}${diamonds.join('')}`;
  });
  return [
    `<svg viewBox="0 0 ${width} ${bottom + 24}" role="img" aria-label="${escapeText(title)}" style="max-width:${width}px">`,
    `<text class="title" x="${left}" y="16">${escapeText(title)}</text>`,
    ...grid,
    ...lines,
    '</svg>',
  ].join('\n');
}

/** A confusion matrix: row t is the true class, shade and number are the share of its images taken for each class. */
export function confusionChart(title: string, counts: readonly number[], classes: readonly string[]): string {
  const n = classes.length;
  const [cell, left, top] = [34, 84, 74];
  const width = left + n * cell + 6;
  const cells = counts.map((count, i) => {
    const [t, p] = [Math.floor(i / n), i % n];
    const total = counts.slice(t * n, (t + 1) * n).reduce((sum, value) => sum + value, 0);
    const share = total === 0 ? 0 : count / total;
    const [x, y] = [left + p * cell, top + t * cell];
    const shade = Math.min(1, share * 1.2).toFixed(3);
    return (
      `<rect x="${x}" y="${y}" width="${cell - 1}" height="${cell - 1}" fill="#0072b2" fill-opacity="${shade}"/>` +
      `<text x="${x + cell / 2}" y="${y + cell / 2}" dy="0.32em" text-anchor="middle"${share > 0.45 ? ' style="fill:#fff"' : ''}>${Math.round(share * 100)}</text>`
    );
  });
  const names = classes.flatMap((name, i) => [
    `<text x="${left - 6}" y="${top + (i + 0.5) * cell}" dy="0.32em" text-anchor="end">${escapeText(name)}</text>`,
    `<text transform="translate(${left + (i + 0.5) * cell} ${top - 8}) rotate(-45)">${escapeText(name)}</text>`,
  ]);
  return [
    `<svg viewBox="0 0 ${width} ${top + n * cell + 6}" role="img" aria-label="${escapeText(title)}">`,
    `<text class="title" x="6" y="16">${escapeText(title)}</text>`,
    ...cells,
    ...names,
    '</svg>',
  ].join('\n');
}
