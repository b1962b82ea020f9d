import { settingDifferences } from '../../../experiments/setting-fields.ts';
import { count } from '../../format.ts';
import type { RunRecord } from '../../model/run-record.ts';

/** What of a run's settings is not the baseline's; for the baseline itself, and where settings are not known, what the run started from. */
export function differencesText(run: RunRecord, baseline: RunRecord | undefined): string {
  if (run.id === baseline?.id) return run.experiment;
  if (run.settings === null || baseline?.settings == null) return run.experiment;
  const list = settingDifferences(run.settings, baseline.settings).map(
    ({ field, value }) => `${field.label}: ${value}`,
  );
  if (run.train.steps !== baseline.train.steps && !list.some((each) => /cycle/i.test(each))) {
    list.push(`${count(run.train.steps)} steps`);
  }
  if (run.initial !== baseline.initial) list.push(`Initial weights: ${run.initial ?? 'random'}`);
  if (run.train.shuffle !== baseline.train.shuffle)
    list.push(`New order each epoch: ${run.train.shuffle ? 'yes' : 'no'}`);
  if (run.kernels !== baseline.kernels) list.push(`Kernels: ${run.kernels}`);
  return list.length === 0 ? 'nothing' : list.join('; ');
}
