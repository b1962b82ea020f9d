// The trainings of a study as jobs for a scheduler, and what became of them.
import { type Study, studyNamed } from '../../experiments/studies.ts';
import { type Training, trainingsOf } from '../../experiments/trainings.ts';
import { UserError } from '../../hosts/user-error.ts';
import { ExperimentFolders } from '../folders/experiment-folders.ts';
import { ExperimentsDirectory } from '../folders/experiments-directory.ts';
import { type Job, JobsDirectory, type Plan, requireSameOrigin } from '../folders/jobs-directory.ts';
import type { ExperimentsRequest } from '../options/experiments-options.ts';
import { missingJobs, printJobs } from './jobs-outcome.ts';

/** Writes the jobs that are not there yet, and prints which have no result. */
export function planExperiments({ study, selected, seeds, steps, tuned, out }: ExperimentsRequest): number {
  const plan = {
    kind: 'experiments',
    study: study.name,
    experiments: selected.map(({ name }) => name),
    seeds,
    steps: steps ?? null,
    tuned,
  } as const;
  const jobs = JobsDirectory.create(out, plan);
  const trainings = plannedTrainings(plan);
  jobs.add(trainings.map((training): Job => ({ kind: 'experiments', name: training.name, training })));
  printJobs(jobs, openOf(trainings, new ExperimentFolders(out)));
  return 0;
}

/**
 * Makes the table and the report.
 * @throws UserError where results are missing, damaged, or not of one version
 */
export function collectExperiments(out: string): number {
  const jobs = JobsDirectory.open(out);
  const { plan } = jobs;
  if (plan.kind !== 'experiments') {
    throw new UserError(`${out} holds a ${plan.kind}: collect it by npm run ${plan.kind}`);
  }
  const directory = new ExperimentsDirectory(out, plannedStudy(plan.study));
  const trainings = plannedTrainings(plan);
  const open = openOf(trainings, directory);
  if (open.length > 0) throw new UserError(missingJobs(jobs, open));
  for (const { experiment } of trainings.flatMap(({ members }) => members)) {
    requireSameOrigin(directory.resultPath(experiment.name), directory.result(experiment.name)!);
  }
  console.log(directory.writeReport().markdown);
  console.log(`report, results and weights in ${directory.path}`);
  return 0;
}

/** @throws UserError for the plan of a version that has other studies */
function plannedStudy(name: string): Study {
  try {
    return studyNamed(name);
  } catch (error) {
    throw new UserError(`the plan is not one of this version: ${(error as Error).message}`);
  }
}

/** Those that the experiments of the plan need. */
function plannedTrainings({
  study,
  experiments,
  seeds,
  steps,
  tuned,
}: Extract<Plan, { kind: 'experiments' }>) {
  const run = { seeds, steps: steps ?? undefined, tuned };
  return trainingsOf(plannedStudy(study).experiments, run).filter(({ members }) =>
    members.some(({ experiment }) => experiments.includes(experiment.name)),
  );
}

const openOf = (trainings: readonly Training[], folders: ExperimentFolders): Training[] =>
  trainings.filter(({ members }) => members.some((member) => folders.finished(member) === undefined));
