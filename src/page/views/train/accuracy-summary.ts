import { percent } from '../../format.ts';
import type { LiveRun } from '../../model/live-run.ts';

/** What the chart of accuracies shows, in one sentence. */
export function accuracySummary({ metrics }: LiveRun): string {
  const { replicas, steps } = metrics;
  if (steps.length === 0) return 'No steps yet.';
  const mean = (values: readonly number[]) =>
    values.slice(-replicas).reduce((sum, value) => sum + value, 0) / replicas;
  const seeds = replicas === 1 ? '' : `, mean of ${replicas} seeds; the band is their range`;
  const validation =
    metrics.validationAccuracy.length === 0
      ? 'no validation yet'
      : `validation ${percent(mean(metrics.validationAccuracy))} at step ${metrics.validationSteps.at(-1)}`;
  return `Step ${steps.at(-1)}: training ${percent(mean(metrics.accuracy))}, ${validation}${seeds}.`;
}
