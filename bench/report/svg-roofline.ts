import type { Analysis } from '../analysis.ts';
import { bytes, digits, percent } from './format.ts';
import { type Colours, escapeHtml, fixed, line, logScale, svg, text } from './svg.ts';

const width = 860;
const height = 420;
const [left, right, top, bottom] = [60, 170, 14, 380] as const;

/** The fastest variant of each kernel group under the roofs that were measured. */
export function rooflinePlot({ groups, roofline }: Analysis, colour: Colours): string {
  const points = groups.flatMap(({ group, rows }) => {
    const best = rows[0];
    if (group.suite !== 'kernels' || best === undefined || best.row.work.flops === 0) return [];
    const { flops, bytes: moved } = best.row.work;
    return [{ group, best, intensity: flops / moved, gflops: best.rate.gflops }];
  });
  if (roofline === undefined || roofline.gflops <= 0 || points.length === 0) return '';
  const intensities = points.map(({ intensity }) => intensity);
  const [least, most] = [Math.min(0.1, ...intensities) / 1.5, Math.max(100, ...intensities) * 1.5];
  const x = logScale(least, most, left, width - right);
  const lowest = Math.min(...points.map(({ gflops }) => gflops), roofline.gflops / 100) / 1.5;
  const y = logScale(lowest, roofline.gflops * 2, bottom, top);
  const roofs = roofline.bandwidths.map(({ gbPerSecond, workingSetBytes }, index) => {
    const ridge = roofline.gflops / gbPerSecond;
    const start = Math.max(least, lowest / gbPerSecond);
    return (
      line(x.at(start), y.at(start * gbPerSecond), x.at(ridge), y.at(roofline.gflops), 'roof') +
      line(x.at(ridge), y.at(roofline.gflops), x.at(most), y.at(roofline.gflops), 'roof') +
      text(left + 8, top + 28 + 14 * index, `copy of ${bytes(workingSetBytes)}: ${digits(gbPerSecond)} GB/s`)
    );
  });
  const marks = points.map(
    ({ group, best, intensity, gflops }) =>
      `<circle cx="${fixed(x.at(intensity))}" cy="${fixed(y.at(gflops))}" r="4.5" fill="${colour.get(group.op)}" class="point"><title>${escapeHtml(
        `${group.title} ${best.row.name}: ${digits(gflops)} GFLOP/s, ${digits(intensity)} flops per byte, ${percent(best.rate.share)} of the roofline`,
      )}</title></circle>`,
  );
  const legend = [...new Set(points.map(({ group }) => group.op))].map(
    (op, index) =>
      `<circle cx="${width - right + 14}" cy="${top + 6 + 17 * index}" r="4.5" fill="${colour.get(op)}"/>${text(width - right + 24, top + 10 + 17 * index, op)}`,
  );
  return svg(width, height, 'roofline', [
    ...x.ticks.map(
      (t) => line(x.at(t), top, x.at(t), bottom, 'grid') + text(x.at(t), bottom + 15, String(t), 'middle'),
    ),
    ...y.ticks.map(
      (t) =>
        line(left, y.at(t), width - right, y.at(t), 'grid') + text(left - 6, y.at(t) + 4, String(t), 'end'),
    ),
    text((left + width - right) / 2, bottom + 32, 'flops per byte', 'middle'),
    text(left + 8, top + 14, `multiply-add peak: ${digits(roofline.gflops)} GFLOP/s`),
    ...roofs,
    ...marks,
    ...legend,
  ]);
}
