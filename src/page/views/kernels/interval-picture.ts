import { nothing, type SVGTemplateResult, svg } from 'lit-html';
import type { Estimate } from '../../../measure/statistics.ts';
import type { RankedRow } from './ranking.ts';

const width = 220;
const height = 14;
const margin = 6;
/** Where times span more than this factor, most would lie on one spot. */
const mostLinear = 10;

/** One for all rows, which holds their intervals: from 0 to the slowest time, or by logarithms from the fastest to the slowest. */
export interface DotScale {
  readonly isLog: boolean;
  /** Times at the ends. */
  readonly from: number;
  readonly to: number;
}

/** Of too few samples there is none. */
export const hasInterval = ({ low, high }: Estimate): boolean =>
  Number.isFinite(low) && Number.isFinite(high);

export function scaleOf(rows: readonly RankedRow[]): DotScale {
  const times = rows.flatMap(({ time }) =>
    time === undefined ? [] : [time.value, ...(hasInterval(time) ? [time.low, time.high] : [])],
  );
  const [fastest, slowest] = [Math.min(...times), Math.max(...times)];
  const isLog = slowest > mostLinear * fastest && fastest > 0;
  return { isLog, from: isLog ? fastest / 1.1 : 0, to: slowest * 1.1 };
}

/** Where a time lies on the scale: 0 to 1. */
export function placeOf(ns: number, { isLog, from, to }: DotScale): number {
  const at = Math.min(Math.max(ns, from), to);
  return isLog ? Math.log(at / from) / Math.log(to / from) : (at - from) / (to - from);
}

/** A dot at the median and a line over its interval, where it has one. */
export function intervalPicture({ time }: RankedRow, scale: DotScale): SVGTemplateResult {
  if (time === undefined) return svg``;
  const x = (ns: number) => margin + (width - 2 * margin) * placeOf(ns, scale);
  return svg`<svg class="interval" width=${width} height=${height} viewBox="0 0 ${width} ${height}" aria-hidden="true">
    <line class="rule" x1=${margin} x2=${width - margin} y1=${height / 2} y2=${height / 2}></line>
    ${hasInterval(time) ? svg`<line class="range" x1=${x(time.low)} x2=${x(time.high)} y1=${height / 2} y2=${height / 2}></line>` : nothing}
    <circle cx=${x(time.value)} cy=${height / 2} r="4"></circle>
  </svg>`;
}
