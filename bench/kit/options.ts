// What the kit's command line asks for.
import { InvalidArgumentError } from 'commander';
import { makeCommand, parse } from '../../src/cli/options/command.ts';
import { path } from '../../src/cli/options/paths.ts';
import { type Experiment, experiments } from '../../src/experiments/experiments.ts';
import { namedNetExperiment } from '../../src/experiments/named-net-settings.ts';

/** In the order in which they run. */
export const kitParts = ['checks', 'costs', 'training', 'kernels', 'train'] as const;
export type KitPart = (typeof kitParts)[number];

export interface KitOptions {
  readonly adapter?: string;
  readonly quick: boolean;
  readonly out?: string;
  readonly parts: readonly KitPart[];
  readonly nets: readonly Experiment[];
}

const about = `
Runs on a bare Node (20.19 or newer) without a network. Parts: checks, every kernel against float64; costs, what a dispatch costs and what
Dawn's checks of indices cost; training, nets alone and base as populations, with the time of each dispatch; kernels and train, the suites
of npm run bench. One folder holds all results: kit.json, kernels/ and train/ as npm run bench writes them.`;

const quickParts: readonly KitPart[] = ['checks', 'costs', 'training'];
const usualNets = ['base', 'patch-4-10-50', 'vgg-16-32-64'];

function partsOf(text: string): readonly KitPart[] {
  const parts = kitParts.filter((part) => text.split(',').includes(part));
  if (parts.length !== new Set(text.split(',')).size)
    throw new InvalidArgumentError(`must be some of ${kitParts.join(',')}`);
  return parts;
}

const netsOf = (text: string): readonly Experiment[] =>
  text.split(',').map((name) => {
    try {
      return experiments.find((experiment) => experiment.name === name) ?? namedNetExperiment(name);
    } catch (error) {
      throw new InvalidArgumentError(`${(error as Error).message}; or an experiment's name, such as base`);
    }
  });

/** Undefined where help was asked for. @throws UserError for a mistake, in one line */
export function parseKitOptions(args: readonly string[]): KitOptions | undefined {
  const command = parse(
    makeCommand('kit', 'Measures this machine for wgrad.')
      .option('--adapter <name>', 'adapter by its name (a wrong name lists them)')
      .option('--quick', 'fewer shapes, shorter runs, no suites: a few minutes')
      .option(
        '--parts <names>',
        `some of ${kitParts.join(',')} (default: all; with --quick the first three)`,
        partsOf,
      )
      .option('--nets <names>', `what to train (default: ${usualNets.join(',')})`, netsOf)
      .option('--out <dir>', 'folder of the results (default: results/<time>)', path)
      .addHelpText('after', about),
    args,
  );
  if (command === undefined) return undefined;
  const { quick = false, ...rest } = command.opts<Partial<KitOptions>>();
  return {
    ...rest,
    quick,
    parts: rest.parts ?? (quick ? quickParts : kitParts),
    nets: rest.nets ?? netsOf(usualNets.join(',')),
  };
}
