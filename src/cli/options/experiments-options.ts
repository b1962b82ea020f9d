import { join } from 'node:path';
import { Option } from 'commander';
import { defaultDataset } from '../../data/datasets/index.ts';
import { type Experiment, mostSteps } from '../../experiments/experiments.ts';
import { netStudy, onDataset, type Study, studies, studyNamed } from '../../experiments/studies.ts';
import type { HostOptions } from '../../hosts/host.ts';
import { resolvePath, runsFolder } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { makeCommand, parse } from './command.ts';
import { addHostAndBrowserOptions, hostOptionsOf } from './host-options.ts';
import { collectedFolder, collectOption, planOption } from './jobs-options.ts';
import { datasetOption, netHelp } from './net-options.ts';
import { wholeNumber } from './numbers.ts';
import { path } from './paths.ts';

/** What `npm run experiments` was asked for. */
export type ExperimentsOptions =
  | ({ readonly action: 'run' | 'plan' } & ExperimentsRequest)
  | { readonly action: 'collect'; readonly out: string };

/** Experiments to be trained here, or to be written as jobs into `out`. */
export interface ExperimentsRequest {
  readonly study: Study;
  /** Those of the study to run, in the order of its list. */
  readonly selected: readonly Experiment[];
  readonly seeds: readonly number[];
  readonly tuned: boolean;
  /** undefined: all cycles. */
  readonly steps: number | undefined;
  readonly dataDir: string | undefined;
  readonly host: HostOptions;
  readonly out: string;
}

/** `base,adam`: experiments of a study. @throws UserError for a name that it does not have */
function named(text: string, { name: study, experiments }: Study): Experiment[] {
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !experiments.some((experiment) => experiment.name === name));
  if (unknown !== undefined) {
    const all = experiments.map(({ name }) => name).join(', ');
    const which = studies.slice(1).some(({ name }) => name === study) ? ` of --study ${study}` : '';
    throw new UserError(`--only must be names from ${all}${which}, got "${unknown}"`);
  }
  return experiments.filter(({ name }) => wanted.includes(name));
}

/** What `--study` or `--net`, and `--dataset`, ask for. @throws UserError for a net that there is not */
function studyOf({ study, net, dataset }: { study: string; net?: string; dataset?: string }): Study {
  const named = net === undefined ? studyNamed(study) : studyOfNets(net);
  return dataset === undefined || dataset === defaultDataset.name ? named : onDataset(named, dataset);
}

function studyOfNets(text: string): Study {
  try {
    return netStudy(text.split(',').map((name) => name.trim()));
  } catch (error) {
    throw new UserError(`--net ${text}: ${(error as Error).message}`);
  }
}

const describe = ({ name: study, what: about, experiments }: Study): string =>
  [`--study ${study}: ${about}`, ...experiments.map(({ name, what }) => `  ${name.padEnd(20)}${what}`)].join(
    '\n',
  );

const command = () =>
  addHostAndBrowserOptions(
    makeCommand(
      'experiments',
      'Trains the experiments of the course report, or of another study, and compares them.',
    ),
  )
    .addOption(
      new Option('--study <name>', 'which experiments, see below')
        .choices(studies.map(({ name }) => name))
        .default(studies[0]!.name),
    )
    .addOption(
      new Option(
        '--net <names>',
        'base and these nets, such as patch-4-10-50,vgg-16-32-64, each with the settings of its family',
      ).conflicts(['study', 'tuned']),
    )
    .addOption(datasetOption())
    .option('--seeds <n>', 'train seeds 1 to n of each experiment at once', wholeNumber(1, 1024), 5)
    .option('--only <names>', 'run these, such as base,adam (what shares a training comes with it)')
    .option('--tuned', 'tuned settings instead of the literal ones, where an experiment has them')
    .option('--steps <n>', 'training steps, for trying out (default: all cycles)', wholeNumber(1, mostSteps))
    .option('--data <dir>', 'folder with the files of the data set (default: downloaded once)', path)
    .option(
      '--out <dir>',
      'folder for results (default: runs/experiments-<seeds>-seeds, or runs/<study>-...)',
      path,
    )
    .addOption(planOption())
    .addOption(collectOption())
    .addHelpText(
      'after',
      `
${studies.map(describe).join('\n\n')}

${netHelp}

The same command goes on where it was interrupted: finished experiments are kept, the one in the middle
continues from its last epoch. The folder then holds report.html, report.md, results.json, and a folder
with metrics and weights for each experiment.

On several machines: --plan writes a job for each training and prints their numbers, npm run trial -- --job DIR/3 trains
the third, wherever the folder can be reached, and --collect makes the table and the report: see docs/scale.md.`,
    );

/** Parses the arguments; undefined where help was asked for. @throws UserError for a mistake */
export function parseExperimentsOptions(args: readonly string[]): ExperimentsOptions | undefined {
  const parsed = parse(command(), args);
  if (parsed === undefined) return undefined;
  const flags = parsed.opts<{
    study: string;
    net?: string;
    dataset?: string;
    seeds: number;
    only?: string;
    tuned?: true;
    steps?: number;
    data?: string;
    browserWs?: string;
    pagePort?: number;
    out?: string;
    plan?: string;
    collect?: string;
  }>();
  if (flags.collect !== undefined) return { action: 'collect', out: collectedFolder(parsed, flags.collect) };
  const { seeds, only, tuned, steps, data, out = flags.plan } = flags;
  const study = studyOf(flags);
  if (tuned && !study.experiments.some((experiment) => experiment.tuned)) {
    const { dataset = defaultDataset.name } = flags;
    throw new UserError(
      dataset === defaultDataset.name
        ? `--tuned: no experiment of --study ${study.name} has tuned settings`
        : `--tuned: settings are tuned for ${defaultDataset.name} alone, not for --dataset ${dataset}`,
    );
  }
  const parts = [
    study === studies[0] ? 'experiments' : study.name.replaceAll(/[ ,]/g, '-'),
    ...(tuned ? ['tuned'] : []),
    ...(steps === undefined ? [] : [`${steps}-steps`]),
    `${seeds}-seeds`,
  ];
  return {
    action: flags.plan === undefined ? 'run' : 'plan',
    study,
    selected: only === undefined ? study.experiments : named(only, study),
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    tuned: tuned ?? false,
    steps,
    dataDir: data === undefined ? undefined : resolvePath(data),
    host: hostOptionsOf(flags),
    out: out === undefined ? join(runsFolder(), parts.join('-')) : resolvePath(out),
  };
}
