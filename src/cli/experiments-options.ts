import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { type Experiment, experiments } from '../experiments/experiments.ts';
import { makeCommand, parse } from './command.ts';
import { wholeNumber } from './numbers.ts';
import { projectRoot, resolvePath } from './project-root.ts';

/** What `npm run experiments` was asked for. */
export interface ExperimentsOptions {
  /** Those to run, in the order of the list. */
  readonly selected: readonly Experiment[];
  readonly seeds: readonly number[];
  readonly tuned: boolean;
  /** undefined: all cycles. */
  readonly steps: number | undefined;
  readonly dataDir: string | undefined;
  readonly out: string;
}

/** `base,adam`: names of experiments. */
function names(text: string): Experiment[] {
  const wanted = text.split(',').map((name) => name.trim());
  const unknown = wanted.find((name) => !experiments.some((experiment) => experiment.name === name));
  if (unknown !== undefined) {
    const all = experiments.map(({ name }) => name).join(', ');
    throw new InvalidArgumentError(`must be names from ${all}, got "${unknown}"`);
  }
  return experiments.filter(({ name }) => wanted.includes(name));
}

const command = () =>
  makeCommand('experiments', 'Trains all experiments of the course report and compares them.')
    .option('--seeds <n>', 'train seeds 1 to n of each experiment at once', wholeNumber(1, 1024), 5)
    .option('--only <names>', 'run these, such as base,adam (what shares a training comes with it)', names)
    .option('--tuned', 'tuned settings instead of the literal ones, where an experiment has them')
    .option('--steps <n>', 'training steps, for trying out (default: all cycles)', wholeNumber(1, 1e8))
    .option('--data <dir>', 'folder with the six CIFAR-10 .bin files (default: downloaded once)')
    .option('--out <dir>', 'folder for results (default: runs/experiments-<seeds>-seeds)')
    .addHelpText(
      'after',
      `
Experiments:
${experiments.map(({ name, what }) => `  ${name.padEnd(16)}${what}`).join('\n')}

The same command goes on where it was interrupted: finished experiments are kept, the one in the middle
continues from its last epoch. The folder then holds report.html, report.md, results.json, and a folder
with metrics and weights for each experiment.`,
    );

/** Parses the arguments; undefined where help was asked for. @throws CliError for a mistake */
export function parseExperimentsOptions(args: readonly string[]): ExperimentsOptions | undefined {
  const parsed = parse(command(), args);
  if (parsed === undefined) return undefined;
  const { seeds, only, tuned, steps, data, out } = parsed.opts<{
    seeds: number;
    only?: Experiment[];
    tuned?: true;
    steps?: number;
    data?: string;
    out?: string;
  }>();
  const parts = [
    'experiments',
    ...(tuned ? ['tuned'] : []),
    ...(steps === undefined ? [] : [`${steps}-steps`]),
    `${seeds}-seeds`,
  ];
  return {
    selected: only ?? experiments,
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
    tuned: tuned ?? false,
    steps,
    dataDir: data === undefined ? undefined : resolvePath(data),
    out: out === undefined ? join(projectRoot, 'runs', parts.join('-')) : resolvePath(out),
  };
}
