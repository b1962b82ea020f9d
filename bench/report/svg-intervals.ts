import { usable } from '../../src/measure/compare.ts';
import type { AnalysedGroup } from '../analysis.ts';
import { digits, duration, unitOf } from './format.ts';
import { escapeHtml, fixed, line, linearScale, logScale, svg, text } from './svg.ts';

const width = 860;
const labels = 190;
const right = 90;
const rowHeight = 22;

/**
 * Rows of a group along a time axis: each sample a dot, 10 % to 90 % a thin line, the 95 % interval of the median a bar.
 * Logarithmic where the slowest row takes more than 6 times as long as the fastest.
 */
export function intervalPlot({ group, rows }: AnalysedGroup): string {
  if (rows.length === 0) return '';
  const max = 1.05 * Math.max(...rows.map(({ time, high }) => Math.max(time.value, high)));
  const min = Math.min(...rows.map(({ time, low }) => Math.min(time.value, low)));
  const end = width - right;
  const scale = max / min > 6 ? logScale(0.9 * min, max, labels, end) : linearScale(max, labels, end);
  const x = (ns: number) => Math.max(labels, Math.min(end, scale.at(ns)));
  const bottom = rows.length * rowHeight + 4;
  const unit = unitOf(max);
  const axis = scale.ticks.map(
    (tick) =>
      line(scale.at(tick), 2, scale.at(tick), bottom, 'grid') +
      text(scale.at(tick), bottom + 13, digits(tick / unit.ns), 'middle'),
  );
  const marks = rows.map(({ row, time, low, high, tied, comparison }, index) => {
    const y = index * rowHeight + rowHeight / 2;
    const kind = comparison === undefined ? 'best' : tied ? 'tied' : 'slower';
    const dots = usable(group, row).map(
      (ns, sample) =>
        `<circle cx="${fixed(x(ns))}" cy="${fixed(y - 5 + (10 * ((sample * 7) % 11)) / 10)}" r="1.6" class="dot"/>`,
    );
    const [from, to] = [
      Number.isFinite(time.low) ? time.low : low,
      Number.isFinite(time.high) ? time.high : high,
    ];
    const bar = `<rect x="${fixed(x(from))}" y="${fixed(y - 5)}" width="${fixed(Math.max(2, x(to) - x(from)))}" height="10" class="${kind}"/>`;
    const title = `<title>${escapeHtml(`${row.name}: ${duration(time.value)}, 10 % to 90 %: ${duration(low)} to ${duration(high)}`)}</title>`;
    return `<g>${title}${text(labels - 8, y + 4, `${row.name}${row.isDefault ? ' *' : ''}`, 'end')}${dots.join('')}${line(x(low), y, x(high), y, 'range')}${bar}${line(x(time.value), y - 7, x(time.value), y + 7, 'median')}${text(end + 8, y + 4, duration(time.value))}</g>`;
  });
  return svg(width, bottom + 20, `times of ${group.title}`, [
    ...axis,
    text(end + 8, bottom + 13, unit.name),
    ...marks,
  ]);
}
