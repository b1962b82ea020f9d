// The chart of several runs for those who do not see it.
import { html, nothing, type TemplateResult } from 'lit-html';
import {
  lastX,
  type OverlaidRun,
  type OverlayOptions,
  overlayMetrics,
  runCurves,
  valueTextOf,
  xTextOf,
} from './overlay.ts';

const labelOf = ({ metric }: OverlayOptions): string => overlayMetrics.find(([id]) => id === metric)![1];

/** What the chart is of. */
export const overlayName = (options: OverlayOptions): string => `${labelOf(options)} by ${options.axis}`;

/** The last values in one sentence. */
export function overlaySummary(runs: readonly OverlaidRun[], options: OverlayOptions): string {
  const lasts = runs.flatMap((run) => {
    const { last } = runCurves(run, options);
    return last === undefined ? [] : [{ name: run.record.name, ...last }];
  });
  const label = labelOf(options);
  const text = valueTextOf(options.metric);
  const [least, ...others] = lasts.toSorted((a, b) => a.value - b.value);
  if (least === undefined) return `${label}: no values yet.`;
  const largest = others.at(-1);
  if (largest === undefined) {
    const at = `${options.axis === 'seconds' ? 'after' : `at ${options.axis}`} ${xTextOf(options.axis, least.x)(least.x)}`;
    return `${label}: ${least.name} ${text(least.value)} ${at}.`;
  }
  return `${label}, the last values of ${lasts.length} runs: from ${text(least.value)} (${least.name}) to ${text(largest.value)} (${largest.name}).`;
}

/** The last value of each run. */
export function overlayTable(
  runs: readonly OverlaidRun[],
  options: OverlayOptions,
): TemplateResult | typeof nothing {
  if (runs.length === 0) return nothing;
  const { metric, axis } = options;
  const [label, text, xText] = [labelOf(options), valueTextOf(metric), xTextOf(axis, lastX(runs, options))];
  return html`<details class="as-table">
    <summary>Show as table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Last values of the runs in the chart">
      <table class="words">
        <thead>
          <tr>
            <th scope="col">Run</th>
            <th scope="col">${axis === 'seconds' ? 'Time' : axis === 'epoch' ? 'Epoch' : 'Step'}</th>
            <th scope="col">${label}</th>
          </tr>
        </thead>
        <tbody>
          ${runs.map((run) => {
            const { last } = runCurves(run, options);
            return html`<tr>
              <th scope="row">${run.record.name}</th>
              <td>${last === undefined ? '–' : xText(last.x)}</td>
              <td>${last === undefined ? '–' : text(last.value)}</td>
            </tr>`;
          })}
        </tbody>
      </table>
    </div>
  </details>`;
}
