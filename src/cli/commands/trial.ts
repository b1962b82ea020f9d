import { parseTrialOptions } from '../options/trial-options.ts';
import { trialSchema } from '../options/trial-schema.ts';
import { trainJob } from './trial-job.ts';
import { trainParams } from './trial-training.ts';

/** `npm run trial`. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = await parseTrialOptions(args);
  if (options === undefined) return 0;
  if (options.action === 'schema') {
    console.log(JSON.stringify(trialSchema(), null, 2));
    return 0;
  }
  return options.action === 'job' ? trainJob(options.job, options) : trainParams(options);
}
