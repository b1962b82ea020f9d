import { stepsOfCycles } from '../../../experiments/experiments.ts';
import { settingFields } from '../../../experiments/setting-fields.ts';
import { count } from '../../format.ts';
import { variantsText } from '../../model/form.ts';
import type { RunRecord } from '../../model/run-record.ts';

/** A run whose settings are known. */
export type KnownRun = RunRecord & { readonly settings: NonNullable<RunRecord['settings']> };

export const isKnown = (run: RunRecord): run is KnownRun => run.settings !== null;

/** Something that runs can differ in. */
export interface RunField {
  readonly label: string;
  readonly read: (run: KnownRun) => string;
}

const steps: RunField = { label: 'Steps', read: ({ train }) => count(train.steps) };
const fields: readonly RunField[] = [
  ...settingFields.map(({ label, read }): RunField => ({ label, read: ({ settings }) => read(settings) })),
  steps,
  { label: 'Initial weights', read: ({ initial }) => initial ?? 'random' },
  { label: 'New order each epoch', read: ({ train }) => (train.shuffle ? 'yes' : 'no') },
  { label: 'Kernels', read: ({ kernels }) => kernels },
  { label: 'Forced variants', read: ({ forced = {} }) => variantsText(forced) || 'none' },
];

/** Its steps are said with its cycles. */
const followsCycles = ({ settings, train }: KnownRun): boolean => train.steps === stepsOfCycles(settings);

/** In what a run differs from another one. */
export const differingFields = (run: KnownRun, from: KnownRun): readonly RunField[] =>
  fields.filter(
    (field) =>
      field.read(run) !== field.read(from) && !(field === steps && followsCycles(run) && followsCycles(from)),
  );

/** What of a run's settings is not the baseline's; for the baseline itself, and where settings are not known, what the run started from. */
export function differencesText(run: RunRecord, baseline: RunRecord | undefined): string {
  if (baseline === undefined || run.id === baseline.id) return run.experiment;
  if (!isKnown(run) || !isKnown(baseline)) return run.experiment;
  const list = differingFields(run, baseline).map(({ label, read }) => `${label}: ${read(run)}`);
  return list.length === 0 ? 'nothing' : list.join('; ');
}
