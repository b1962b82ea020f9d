import type { StepProfile } from '../../src/measure/schema.ts';
import { typicalStep } from '../../src/measure/trace.ts';
import { digits, duration, unitOf } from './format.ts';
import { type Colours, escapeHtml, fixed, line, linearScale, svg, text } from './svg.ts';

const width = 860;
const [left, right] = [8, 8] as const;
const barTop = 10;
const barHeight = 44;

/** The typical step along a time axis, a bar per dispatch, coloured by op. */
export function timeline(profile: StepProfile, colour: Colours): string {
  const step = typicalStep(profile);
  const bars = profile.dispatches.map(({ label, op, variant, startNs, durationNs }) => ({
    label,
    op,
    variant,
    start: startNs[step] ?? 0,
    length: durationNs[step] ?? 0,
  }));
  const end = Math.max(1, ...bars.map(({ start, length }) => start + length));
  const scale = linearScale(end, left, width - right);
  const unit = unitOf(end);
  const bottom = barTop + barHeight;
  const marks = bars.map(({ label, op, variant, start, length }) => {
    const w = Math.max(0.6, scale.at(length) - left);
    const title = `${label}: ${op}/${variant}, ${duration(length)}, ${digits((100 * length) / end)} % of the step`;
    const name =
      w > 8 * label.length ? text(scale.at(start) + w / 2, barTop + barHeight / 2 + 4, label, 'middle') : '';
    return `<g><title>${escapeHtml(title)}</title><rect x="${fixed(scale.at(start))}" y="${barTop}" width="${fixed(w)}" height="${barHeight}" fill="${colour.get(op)}" class="point"/>${name}</g>`;
  });
  const totals = [...new Set(bars.map(({ op }) => op))].map((op) => ({
    op,
    fill: colour.get(op),
    ns: bars.filter((bar) => bar.op === op).reduce((sum, { length }) => sum + length, 0),
  }));
  totals.sort((a, b) => b.ns - a.ns);
  const columns = 3;
  const legend = totals.map(({ op, fill, ns }, index) => {
    const x = left + (index % columns) * 285;
    const y = bottom + 40 + 17 * Math.floor(index / columns);
    return `<rect x="${x}" y="${y - 9}" width="10" height="10" fill="${fill}"/>${text(x + 16, y, `${op}: ${duration(ns)}, ${digits((100 * ns) / end)} %`)}`;
  });
  return svg(width, bottom + 50 + 17 * Math.ceil(totals.length / columns), `timeline of ${profile.group}`, [
    ...scale.ticks.map(
      (tick) =>
        line(scale.at(tick), barTop, scale.at(tick), bottom + 4, 'grid') +
        text(
          scale.at(tick),
          bottom + 17,
          `${digits(tick / unit.ns)} ${unit.name}`,
          tick === 0 ? 'start' : 'middle',
        ),
    ),
    ...marks,
    ...legend,
  ]);
}
