import type { Group } from '../../../measure/schema.ts';
import { timestampStepNs } from '../../../measure/warnings.ts';
import { shortTime } from '../../format.ts';

/** By which clock kernels are timed, and in which steps it goes, as far as groups that were measured tell. */
export function clockText(hasTimestamps: boolean, measured: readonly Group[]): string {
  if (!hasTimestamps) return 'the clock of the page, from submit to done';
  const steps = measured.filter(({ clock }) => clock === 'gpu').map(timestampStepNs);
  if (steps.length === 0) return 'GPU timestamps';
  const step = Math.max(...steps);
  return `GPU timestamps, in steps ${step === 0 ? 'too small to tell' : `of ${shortTime(step)}`}`;
}
