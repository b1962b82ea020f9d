import { count, loss, percent } from '../../format.ts';
import type { LiveRun } from '../../model/live-run.ts';

/** The Train view's two charts: the column of validations beside that of training, and how their values are written. */
export const charts = {
  accuracy: ['validationAccuracy', percent],
  loss: ['validationLoss', loss],
} as const;

/** What such a chart shows, in one sentence. */
export function chartSummary(live: LiveRun, chart: keyof typeof charts): string {
  const { replicas, steps, validationSteps } = live.metrics;
  if (steps.length === 0) return 'No steps yet.';
  const [validated, text] = charts[chart];
  const seeds =
    replicas === 1 ? '' : `, mean of ${replicas - live.diverged.size} seeds; the band is their range`;
  const [training, latest] = [live.last(chart), live.last(validated)];
  const validation =
    latest === undefined
      ? 'no validation yet'
      : `validation ${text(latest)} at step ${count(validationSteps.at(-1)!)}`;
  return `Step ${count(steps.at(-1)!)}: ${training === undefined ? 'diverged' : `training ${text(training)}, ${validation}${seeds}`}.`;
}
