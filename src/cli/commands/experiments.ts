import { datasetOf } from '../../data/datasets/index.ts';
import { type Training, trainingsOf } from '../../experiments/trainings.ts';
import { openHost } from '../../hosts/open-host.ts';
import { ExperimentsDirectory } from '../folders/experiments-directory.ts';
import { refuseJobs } from '../folders/jobs-directory.ts';
import { type ExperimentsRequest, parseExperimentsOptions } from '../options/experiments-options.ts';
import { signals } from '../process/signals.ts';
import { collectExperiments, planExperiments } from './experiments-jobs.ts';
import { runTraining } from './experiments-training.ts';

const log = (line: string) => console.error(line);

/** `npm run experiments`. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseExperimentsOptions(args);
  if (options === undefined) return 0;
  if (options.action === 'collect') return collectExperiments(options.out);
  return options.action === 'plan' ? planExperiments(options) : trainHere(options);
}

/** Trains everything on this machine. */
async function trainHere(request: ExperimentsRequest): Promise<number> {
  const { study, selected, seeds, dataDir, out } = request;
  refuseJobs(out);
  const directory = new ExperimentsDirectory(out, study);
  const all = trainingsOf(study.experiments, request);
  // Everything that is there is looked at before anything is started: the table compares what was trained alike.
  for (const member of all.flatMap(({ members }) => members)) directory.finished(member);
  const trainings = all.filter(({ members }) =>
    members.some(({ experiment }) => selected.includes(experiment)),
  );
  const open = trainings.filter((training) => {
    const missing = training.members.filter((member) => directory.finished(member) === undefined);
    if (missing.length > 0) directory.checkpoint(training);
    else log(`${namesOf(training)}: finished before`);
    return missing.length > 0;
  });
  if (seeds.length < 2)
    log('1 seed: the table will have no intervals and no tests, which need at least 2 seeds');

  if (open.length > 0) {
    // The experiments of a study have their data in common.
    const dataset = datasetOf(open[0]!.members[0]!.settings);
    const host = await openHost({ dataset, dataDir, log, ...request.host });
    log(`data: ${dataset.title} from ${host.dataSource}`);
    try {
      for (const [i, training] of open.entries()) {
        log(`training ${i + 1} of ${open.length}: ${namesOf(training)}`);
        const { step } = (await runTraining(training, host, directory)).result;
        const isLast = i === open.length - 1 && step >= training.members[0]!.settings.steps;
        if (signals.asked && !isLast) {
          console.log(`stopped at step ${step} of ${namesOf(training)}; the same command goes on from there`);
          return signals.status;
        }
        directory.writeReport();
      }
    } finally {
      await host.close();
    }
  }
  console.log(directory.writeReport().markdown);
  console.log(`report, results and weights in ${directory.path}`);
  return 0;
}

const namesOf = ({ members }: Training): string =>
  members.map(({ experiment }) => experiment.name).join(', ');
