import { join } from 'node:path';
import { type Command, Option } from 'commander';
import { fnv1a } from '../../data/random.ts';
import {
  type Experiment,
  type ExperimentSettings,
  experiments,
  mostSteps,
  stepsOfCycles,
} from '../../experiments/experiments.ts';
import { type NetChoice, type SearchPlan, searchMethods } from '../../experiments/search-plan.ts';
import type { Axis } from '../../experiments/search-space.ts';
import type { HostOptions } from '../../hosts/host.ts';
import { resolvePath, runsFolder } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { makeCommand, parse } from './command.ts';
import { addHostAndBrowserOptions, hostOptionsOf } from './host-options.ts';
import { collectedFolder, collectOption, planOption } from './jobs-options.ts';
import { experimentFrom, netHelp } from './net-options.ts';
import { wholeNumber } from './numbers.ts';
import { optimizerFrom, optimizerNames } from './optimizer-options.ts';
import { path } from './paths.ts';
import { axis, names, someOf, wholeNumbers, widthsOrNets } from './search-values.ts';
import { addSettingOptions, checkSettings, withSettingFlags } from './setting-options.ts';

/** What `npm run search` was asked for. */
export type SearchOptions =
  | ({ readonly action: 'run' | 'plan' } & SearchRequest)
  | { readonly action: 'collect'; readonly out: string };

/** A search to be made here, or to be written as jobs into `out`. */
export interface SearchRequest {
  readonly plan: SearchPlan;
  /** Options of `npm run train` that all candidates share, as they were typed. */
  readonly sharedArguments: readonly string[];
  readonly dataDir: string | undefined;
  readonly host: HostOptions;
  readonly out: string;
}

interface Flags {
  readonly experiment: string;
  readonly net?: readonly string[];
  readonly dataset?: string;
  readonly hidden?: readonly (number | readonly number[])[];
  readonly depth?: readonly number[];
  readonly optimizer?: readonly string[];
  readonly lambda?: Axis;
  readonly lrMax?: Axis;
  readonly method?: SearchPlan['method'];
  readonly samples?: number;
  readonly rounds?: number;
  readonly searchSeed?: number;
  readonly seeds: number;
  readonly halving?: true;
  readonly atOnce: number;
  readonly steps?: number;
  readonly browser: string;
  readonly browserWs?: string;
  readonly pagePort?: number;
  readonly data?: string;
  readonly out?: string;
  readonly plan?: string;
  readonly collect?: string;
}

const defaultSamples = 8;
const defaultRounds = 2;
const defaultSearchSeed = 1;

const searchCommand = (): Command =>
  addSettingOptions(
    makeCommand(
      'search',
      'Searches for lambda, learning rate, widths, depth and optimizer on the validation split.',
    )
      .addOption(
        new Option('--experiment <name>', 'settings to start from')
          .choices(experiments.map(({ name }) => name))
          .default('base'),
      )
      .addOption(
        new Option(
          '--net <list>',
          'convolutional nets of one family to try, such as vgg-16-32-64,vgg-32-64-64, with its settings; see below',
        )
          .argParser(names)
          .conflicts(['hidden', 'depth', 'bn', 'experiment']),
      )
      .option(
        '--hidden <list>',
        'widths to try, each for all hidden layers, such as 30,50,100; or whole nets, such as 50x50,50x30x20',
        widthsOrNets,
      )
      .option(
        '--depth <list>',
        'numbers of hidden layers to try for each width, such as 1,2,3',
        wholeNumbers(64),
      )
      .option(
        '--optimizer <list>',
        `one or several of ${optimizerNames.join(', ')}, such as sgd,adam`,
        someOf(optimizerNames),
      )
      .option(
        '--lambda <list or range>',
        'weights of the L2 term, such as 0.001,0.01 or 1e-5..1e-1',
        axis(true),
      )
      .option(
        '--lr-max <list or range>',
        'largest learning rates; the smallest keeps its ratio to the largest',
        axis(false),
      )
      .addOption(
        new Option(
          '--method <name>',
          'how ranges are searched (default: coarse-to-fine where there is a range, else grid)',
        ).choices(searchMethods),
      )
      .option(
        '--samples <n>',
        `points of each net and round; of a grid, values per range (default: ${defaultSamples})`,
        wholeNumber(1, 10_000),
      )
      .option(
        '--rounds <n>',
        `of coarse-to-fine: each looks closer around the best of the one before (default: ${defaultRounds})`,
        wholeNumber(2, 10),
      )
      .option('--halving', 'after each cycle, leave the worse half of a population behind')
      .option(
        '--seeds <n>',
        'train each candidate with seeds 1 to n, rank by the mean',
        wholeNumber(1, 1024),
        1,
      )
      .option(
        '--search-seed <s>',
        `seed of the random samples (default: ${defaultSearchSeed})`,
        wholeNumber(0),
      )
      .option('--at-once <n>', 'replicas that train at once, at most', wholeNumber(1, 1024), 32)
      .option('--steps <n>', 'training steps (default: all cycles)', wholeNumber(1, mostSteps)),
  )
    .option('--data <dir>', 'folder with the files of the data set (default: downloaded once)', path)
    .option(
      '--out <dir>',
      'folder for results (default: runs/search-<experiment>-<number of the search>)',
      path,
    )
    .addOption(planOption())
    .addOption(collectOption())
    .addHelpText(
      'after',
      `
Lambdas, rates and seeds are replicas of one population: they train at once. Nets and optimizers come one
after another. Candidates are ranked by their accuracy on the validation split; the test split is not used.

  grid            every value of the lists; of a range, --samples values at equal logarithmic distances
  random          --samples points, log-uniform in the ranges, one in each of as many equal parts of a range
  coarse-to-fine  the same in --rounds rounds: each next one in the range of the best quarter of the last

The same command goes on where it was interrupted: finished populations are kept, the one in the middle
continues from its last epoch. The folder then holds report.html (with pictures), report.md, results.json,
and a folder with metrics for each population.

On several machines: --plan writes a job for each population and prints their numbers, npm run trial -- --job DIR/3
trains the third, wherever the folder can be reached, and --collect makes the table and the report. Where there
is another round (coarse-to-fine, --halving), it writes that one's jobs, prints their numbers and ends with
status 3. docs/scale.md has the scripts for Slurm.

${netHelp}

Examples:
  npm run search -- --lambda 1e-5..1e-1                          the course's search: 8 lambdas, then 8 closer ones
  npm run search -- --hidden 30,50,100 --lambda 1e-5..1e-1       the same for three widths, two layers each
  npm run search -- --hidden 50 --depth 1,2,3 --lambda 0.001,0.005,0.01 --seeds 3
  npm run search -- --optimizer adam --lambda 1e-4..1e-2 --lr-max 3e-4..1e-2 --method random --samples 32 --halving
  npm run search -- --net patch-4-10-50,patch-4-20-50 --lambda 1e-4..1e-2
  npm run search -- --hidden 30,50 --lambda 1e-5..1e-1 --at-once 4 --plan runs/jobs
                                                                 the search as jobs, and its report when they are done:
  npm run search -- --collect runs/jobs`,
    );

const isRange = ({ kind }: Axis): boolean => kind === 'range';
const largest = (values: Axis): number =>
  values.kind === 'range' ? values.high : Math.max(...values.values);
const one = (value: number): Axis => ({ kind: 'values', values: [value] });

/** Widths and depths multiply; a net that is named as a whole is taken as it is. @throws UserError */
function netsOf({ net, hidden, depth }: Flags, settings: ExperimentSettings): readonly NetChoice[] {
  if (net !== undefined) return net;
  if (hidden === undefined && depth === undefined) return [settings.hidden];
  const widthsAndNets = hidden ?? [settings.hidden[0]!];
  if (depth !== undefined && widthsAndNets.every((entry) => typeof entry !== 'number')) {
    throw new UserError('--depth is for widths such as --hidden 50: a net such as 50x30 has its depth');
  }
  const depths = depth ?? [settings.hidden.length];
  const nets = widthsAndNets.flatMap((entry) =>
    typeof entry === 'number' ? depths.map((layers) => new Array<number>(layers).fill(entry)) : [entry],
  );
  const names = nets.map((net) => net.join('x'));
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw new UserError(`--hidden and --depth name the net ${twice} twice`);
  return nets;
}

function methodOf({ method, samples, rounds, searchSeed }: Flags, ranges: boolean): SearchPlan['method'] {
  const chosen = method ?? (ranges ? 'coarse-to-fine' : 'grid');
  if (chosen !== 'grid' && !ranges) {
    throw new UserError(`--method ${chosen} needs a range, such as --lambda 1e-5..1e-1: lists are a grid`);
  }
  if (rounds !== undefined && chosen !== 'coarse-to-fine') {
    throw new UserError(`--rounds is for --method coarse-to-fine, this search is ${chosen}`);
  }
  if (searchSeed !== undefined && chosen === 'grid') {
    throw new UserError('--search-seed is for samples that are drawn (--method random): a grid draws none');
  }
  if (samples !== undefined && !ranges) {
    throw new UserError(
      '--samples is for ranges, such as --lambda 1e-5..1e-1: of a list all values are tried',
    );
  }
  return chosen;
}

/** What the search starts from. @throws UserError for a net that there is not, and for nets of several families */
function startOf({ net, experiment, dataset }: Flags): Experiment {
  const others = { experiment, ...(dataset !== undefined && { dataset }) };
  if (net === undefined) return experimentFrom(others);
  const families = new Set(net.map((name) => name.split('-')[0]));
  if (families.size > 1) {
    throw new UserError(
      `--net ${net.join(',')}: nets of one family are searched together, since each family has its own settings`,
    );
  }
  return net.map((name) => experimentFrom({ ...others, net: name }))[0]!;
}

function planOf(flags: Flags): SearchPlan {
  const experiment = startOf(flags);
  const base = withSettingFlags(experiment.settings, flags);
  const space = { lambda: flags.lambda ?? one(base.lambda), lrMax: flags.lrMax ?? one(base.lrMax) };
  // Statistics after training change no choice here, and some of them are of test images.
  const settings = { ...base, lrMax: largest(space.lrMax), batchStatistics: null };
  checkSettings(settings);
  if (settings.valSize === 0) throw new UserError('--val-size 0 leaves no images to rank candidates by');
  const nets = netsOf(flags, settings);
  const optimizers = (flags.optimizer ?? [undefined]).map((kind) =>
    optimizerFrom(kind, settings.optimizer, flags),
  );
  const ranges = isRange(space.lambda) || isRange(space.lrMax);
  const method = methodOf(flags, ranges);
  const lists = [
    nets,
    optimizers,
    ...Object.values(space).flatMap((a) => (a.kind === 'values' ? [a.values] : [])),
  ];
  if (!ranges && lists.every((list) => list.length === 1)) {
    throw new UserError(
      'there is nothing to search: give a range such as --lambda 1e-5..1e-1, or several values such as --hidden 30,50,100',
    );
  }
  const steps = flags.steps ?? stepsOfCycles(settings);
  const halving = flags.halving ?? false;
  if (halving && settings.lookahead) {
    throw new UserError(
      '--halving ranks before the end, where the averages of --lookahead are not finished: add --lookahead 0',
    );
  }
  if (halving && steps <= stepsOfCycles(settings, 1)) {
    throw new UserError(
      '--halving ranks after each cycle: it needs training of more than one (--cycles, --cycle-steps)',
    );
  }
  return {
    settings,
    nets,
    optimizers,
    space,
    method,
    samples: flags.samples ?? defaultSamples,
    rounds: method === 'coarse-to-fine' ? (flags.rounds ?? defaultRounds) : 1,
    searchSeed: flags.searchSeed ?? defaultSearchSeed,
    seeds: Array.from({ length: flags.seeds }, (_, i) => i + 1),
    steps,
    halving,
    atOnce: flags.atOnce,
  };
}

/** Options of train that were given, with their values as typed. */
function sharedArguments(args: readonly string[]): string[] {
  const shared = addSettingOptions(makeCommand('train', '')).options;
  const names = ['--experiment', '--steps', '--data', ...shared.map(({ long }) => long!)].filter(
    (name) => name !== '--lr-min', // Differs between candidates.
  );
  const flags = shared.filter(({ required }) => !required);
  return args.flatMap((arg, i) => {
    const [name = ''] = arg.split('=');
    if (!names.includes(name)) return [];
    const next = args[i + 1];
    const flag = flags.find(({ long }) => long === name);
    // That of `--flip alternating` may be missing.
    const hasValue = flag === undefined || (flag.optional && next?.startsWith('-') === false);
    const words = arg.includes('=') || !hasValue ? [arg] : [arg, next!];
    // The command that trains the best anew may be pasted elsewhere.
    return name === '--data' ? [name, resolvePath(words[1] ?? arg.slice(name.length + 1))] : words;
  });
}

/** The experiment's statistics of batch norm, which are not part of a search, need batch norm. */
function withoutStatistics({ experiment: name }: Flags, plan: SearchPlan): string[] {
  const { settings } = plan;
  const experiment = experiments.find((candidate) => candidate.name === name)!;
  if (plan.settings.net !== undefined) return [];
  const needsThem = experiment.settings.batchStatistics !== null && settings.batchNorm === null;
  return needsThem ? ['--bn-stats', 'none'] : [];
}

/** Parses the arguments; undefined where help was asked for. @throws UserError for a mistake */
export function parseSearchOptions(args: readonly string[]): SearchOptions | undefined {
  const parsed = parse(addHostAndBrowserOptions(searchCommand()), args);
  if (parsed === undefined) return undefined;
  const flags = parsed.opts<Flags>();
  if (flags.collect !== undefined) return { action: 'collect', out: collectedFolder(parsed, flags.collect) };
  const plan = planOf(flags);
  const number = fnv1a(JSON.stringify(plan)).toString(16).padStart(8, '0');
  const name = `search-${plan.settings.net ?? flags.experiment}-${number}`;
  const out = flags.plan ?? flags.out;
  return {
    action: flags.plan === undefined ? 'run' : 'plan',
    plan,
    sharedArguments: [...sharedArguments(args), ...withoutStatistics(flags, plan)],
    dataDir: flags.data === undefined ? undefined : resolvePath(flags.data),
    host: hostOptionsOf(flags),
    out: out === undefined ? join(runsFolder(), name) : resolvePath(out),
  };
}
