import { type SVGTemplateResult, svg } from 'lit-html';
import type { RankedRow } from './ranking.ts';

const width = 220;
const height = 14;
const margin = 6;

/** A dot at the median and a line over its interval, on one scale for all rows: from 0 to the slowest. */
export function intervalPicture({ time }: RankedRow, slowest: number): SVGTemplateResult {
  if (time === undefined) return svg``;
  const x = (ns: number) => margin + ((width - 2 * margin) * Math.min(ns, slowest)) / slowest;
  const [low, high] = [
    Number.isFinite(time.low) ? time.low : 0,
    Number.isFinite(time.high) ? time.high : slowest,
  ];
  return svg`<svg class="interval" width=${width} height=${height} viewBox="0 0 ${width} ${height}" aria-hidden="true">
    <line class="rule" x1=${margin} x2=${width - margin} y1=${height / 2} y2=${height / 2}></line>
    <line class="range" x1=${x(low)} x2=${x(high)} y1=${height / 2} y2=${height / 2}></line>
    <circle cx=${x(time.value)} cy=${height / 2} r="4"></circle>
  </svg>`;
}
