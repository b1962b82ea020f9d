import { count, percent } from '../../format.ts';
import type { LiveRun } from '../../model/live-run.ts';

/** What the chart of accuracies shows, in one sentence. */
export function accuracySummary(live: LiveRun): string {
  const { replicas, steps, validationSteps } = live.metrics;
  if (steps.length === 0) return 'No steps yet.';
  const seeds =
    replicas === 1 ? '' : `, mean of ${replicas - live.diverged.size} seeds; the band is their range`;
  const [training, latest] = [live.last('accuracy'), live.last('validationAccuracy')];
  const validation =
    latest === undefined
      ? 'no validation yet'
      : `validation ${percent(latest)} at step ${count(validationSteps.at(-1)!)}`;
  return `Step ${count(steps.at(-1)!)}: ${training === undefined ? 'diverged' : `training ${percent(training)}, ${validation}${seeds}`}.`;
}
