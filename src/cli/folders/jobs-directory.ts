import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { SearchPlan } from '../../experiments/search-plan.ts';
import type { SearchTask } from '../../experiments/search-state.ts';
import type { Training } from '../../experiments/trainings.ts';
import { UserError } from '../../hosts/user-error.ts';
import { commandLine } from '../command-line.ts';
import { type Provenance, provenance } from './provenance.ts';
import { RunDirectory } from './run-directory.ts';

type Version = Pick<Provenance, 'codeHash' | 'dataHash'>;

/** What was planned: a search, or a study. */
export type Plan =
  | {
      readonly kind: 'search';
      readonly search: SearchPlan;
      /** Options of `npm run train` that all candidates share, as they were typed. */
      readonly sharedArguments: readonly string[];
    }
  | {
      readonly kind: 'experiments';
      readonly study: string;
      /** Names of the experiments that the table is to hold. */
      readonly experiments: readonly string[];
      readonly seeds: readonly number[];
      /** Null: all cycles. */
      readonly steps: number | null;
      readonly tuned: boolean;
    };

/** One training, with all that it needs. Its folder, beside the job's file, has its name. */
export type Job =
  | ({ readonly kind: 'search' } & Pick<SearchTask, 'name' | 'settings' | 'from' | 'firstStep'>)
  | {
      readonly kind: 'experiments';
      readonly name: string;
      readonly training: Training;
    };

/** A job with its number, which is the name of its file. */
export type NumberedJob = Job & { readonly number: number };

const planFormat = 'wgrad plan 1';
const jobFormat = 'wgrad job 1';
const planFile = 'plan.json';

const holdsPlan = (path: string): boolean => existsSync(join(path, planFile));

/** For a command that trains by itself in a folder. @throws UserError where others are to train there */
export function refuseJobs(path: string): void {
  if (!holdsPlan(path)) return;
  throw new UserError(
    `${path} holds jobs: train them by ${commandLine('trial', ['--job', join(path, '1')])} and so on, or name another folder`,
  );
}

/**
 * A folder of jobs: `plan.json`, `1.json`, `2.json` and so on, and beside them the folders that the trainings make, in the form of a search or
 * study on one machine.
 */
export class JobsDirectory {
  readonly path: string;
  readonly plan: Plan;

  private constructor(path: string, plan: Plan) {
    this.path = path;
    this.plan = plan;
  }

  /**
   * Writes a plan into a new or empty folder; the same plan again changes nothing.
   * @throws UserError where the folder holds something else, or the same by another version
   */
  static create(path: string, plan: Plan): JobsDirectory {
    if (holdsPlan(path)) {
      const there = JobsDirectory.open(path);
      // As it is read back from a file.
      const written: unknown = JSON.parse(JSON.stringify(plan));
      if (isDeepStrictEqual(there.plan, written)) return there;
      throw new UserError(`${path} holds another plan: name another folder`);
    }
    const folder = new RunDirectory(path);
    if (readdirSync(path).some((name) => !name.startsWith('.'))) {
      throw new UserError(`${path} is not empty: name a new folder for the jobs`);
    }
    const { codeHash, dataHash } = provenance();
    const text = JSON.stringify({ format: planFormat, codeHash, dataHash, ...plan }, null, 1);
    folder.write(planFile, `${text}\n`);
    return new JobsDirectory(path, plan);
  }

  /** @throws UserError where there is no plan, or one of another version */
  static open(path: string): JobsDirectory {
    if (!holdsPlan(path)) throw new UserError(`${path} holds no plan: make one with --plan ${path}`);
    const { format, codeHash, dataHash, ...plan } = readJson(join(path, planFile)) as Plan &
      Version & { format: string };
    requireVersion(join(path, planFile), { format, codeHash, dataHash }, planFormat);
    return new JobsDirectory(path, plan as Plan);
  }

  /** In the order of their numbers. @throws UserError where one is damaged or of another version */
  jobs(): NumberedJob[] {
    return this.#numbers().map((number) => this.#read(number));
  }

  /** Writes jobs that are not there yet, by their names, behind those that are. */
  add(jobs: readonly Job[]): void {
    const there = this.jobs();
    const names = new Set(there.map(({ name }) => name));
    const { codeHash, dataHash } = provenance();
    const folder = new RunDirectory(this.path);
    let number = Math.max(0, ...there.map((job) => job.number));
    for (const job of jobs.filter(({ name }) => !names.has(name))) {
      number += 1;
      const text = JSON.stringify({ format: jobFormat, codeHash, dataHash, ...job }, null, 1);
      folder.write(`${number}.json`, `${text}\n`);
    }
  }

  /** A job and its folder of jobs, from `DIR/3` or `DIR/3.json`. @throws UserError where there is no such job */
  static job(path: string): { readonly directory: JobsDirectory; readonly job: NumberedJob } {
    const number = Number(/^(\d+)(\.json)?$/.exec(basename(path))?.[1] ?? Number.NaN);
    if (Number.isNaN(number))
      throw new UserError(`--job must be a folder of jobs and a number, such as DIR/3`);
    const directory = JobsDirectory.open(dirname(path));
    const numbers = directory.#numbers();
    if (!numbers.includes(number)) {
      throw new UserError(
        `${directory.path} has no job ${number}: it has ${numberRanges(numbers) || 'none'}`,
      );
    }
    return { directory, job: directory.#read(number) };
  }

  #numbers(): number[] {
    const names = readdirSync(this.path).flatMap((name) => /^([1-9]\d*)\.json$/.exec(name)?.[1] ?? []);
    return names.map(Number).sort((a, b) => a - b);
  }

  #read(number: number): NumberedJob {
    const path = join(this.path, `${number}.json`);
    const { format, codeHash, dataHash, ...job } = readJson(path) as Job & Version & { format: string };
    requireVersion(path, { format, codeHash, dataHash }, jobFormat);
    return { ...(job as Job), number };
  }
}

/**
 * Whether a result may be put together with the others.
 * @throws UserError where another version made it
 */
export function requireSameOrigin(path: string, result: Partial<Provenance>): void {
  const own = provenance();
  const what =
    result.codeHash !== own.codeHash
      ? 'by another version of the code'
      : result.dataHash !== own.dataHash
        ? 'from other data'
        : undefined;
  if (what === undefined) return;
  throw new UserError(`${path} was made ${what}: delete its folder and run its job again`);
}

function requireVersion(path: string, found: Version & { format: string }, format: string): void {
  if (found.format !== format) throw new UserError(`${path} is not of this version (${format})`);
  const own = provenance();
  if (found.codeHash === own.codeHash && found.dataHash === own.dataHash) return;
  const what = found.codeHash === own.codeHash ? 'for other data' : 'by another version of the code';
  throw new UserError(`${path} was planned ${what}: use that version, or plan anew in another folder`);
}

function readJson(path: string): object {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof value === 'object' && value !== null) return value;
    throw new Error('it holds no object');
  } catch (error) {
    throw new UserError(`${path} is damaged: ${(error as Error).message}; plan anew in another folder`);
  }
}

/** `1-3,7`: as Slurm's `--array` takes them. */
export function numberRanges(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([low, high]) => (low === high ? `${low}` : `${low}-${high}`)).join(',');
}
