// What `--plan` and `--collect` say about jobs.
import { join } from 'node:path';
import { commandLine } from '../command-line.ts';
import { type JobsDirectory, numberRanges } from '../folders/jobs-directory.ts';
import { leaseHolder } from '../folders/lease.ts';

/** Exit status of `--collect` where the jobs of another round were written. */
export const anotherRound = 3;

interface Named {
  readonly name: string;
}

/** Prints the numbers of jobs that can be trained now, as `sbatch --array` takes them; on stderr, what to do with them. */
export function printJobs(jobs: JobsDirectory, open: readonly Named[]): void {
  const numbers = numbersOf(jobs, open);
  console.error(
    `${numbers.length} ${numbers.length === 1 ? 'job' : 'jobs'} to train, each by ${trial(jobs, '<number>')}; ` +
      `then ${commandLine(jobs.plan.kind, ['--collect', jobs.path])}`,
  );
  console.log(numberRanges(numbers));
}

/** Which results are missing, in one line, and who is at work on them. */
export function missingJobs(jobs: JobsDirectory, missing: readonly Named[]): string {
  const numbers = numbersOf(jobs, missing);
  const atWork = missing.flatMap(({ name }) => {
    const holder = leaseHolder(join(jobs.path, name));
    return holder === undefined ? [] : [`${numbersOf(jobs, [{ name }])[0]}: ${holder}`];
  });
  const who = atWork.length === 0 ? '' : ` (in work: ${atWork.join('; ')})`;
  const which = `${numbers.length === 1 ? 'job' : 'jobs'} ${numberRanges(numbers)}`;
  return `${jobs.path} lacks the results of ${which}${who}: train them by ${trial(jobs, `${numbers[0]}`)}`;
}

const trial = ({ path }: JobsDirectory, number: string): string =>
  commandLine('trial', ['--job', join(path, number)]);

function numbersOf(jobs: JobsDirectory, named: readonly Named[]): number[] {
  const numbers = new Map(jobs.jobs().map(({ name, number }) => [name, number]));
  return named.flatMap(({ name }) => numbers.get(name) ?? []);
}
