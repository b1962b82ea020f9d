import { Option, type OptionValues } from 'commander';
import { makeCommand, parse } from '../src/cli/options/command.ts';
import { addHostOptions, hostOptionsOf } from '../src/cli/options/host-options.ts';
import { assignment, number, wholeNumber } from '../src/cli/options/numbers.ts';
import { path } from '../src/cli/options/paths.ts';
import { namedNetExperiment } from '../src/experiments/named-net-settings.ts';
import type { HostOptions } from '../src/hosts/host.ts';
import { UserError } from '../src/hosts/user-error.ts';
import { kernels } from '../src/kernels/index.ts';
import type { SuiteName } from '../src/measure/schema.ts';
import type { AskedNet } from './suites/nets.ts';

export const suiteNames = [
  'kernels',
  'train',
  'peers',
  'start',
  'page',
] as const satisfies readonly SuiteName[];

const defaultThreshold = 0.05;

/** Suites of whole commands: measured where they are asked for. */
export const commandSuites: ReadonlySet<SuiteName> = new Set<SuiteName>(['start', 'page']);
/** Suites that can measure a net or a variant which is asked for. */
const chosenSuites = ['kernels', 'train'] as const satisfies readonly SuiteName[];
const chromeSuites: ReadonlySet<SuiteName> = new Set<SuiteName>(['peers', ...commandSuites]);

/** What `npm run bench` was asked for. */
export interface BenchOptions extends HostOptions {
  readonly args: readonly string[];
  readonly suites: readonly SuiteName[];
  /** Words that a group's id must contain, all of them; none: everything. */
  readonly filter: readonly string[];
  readonly list: boolean;
  readonly quick: boolean;
  /** Another place for the JSON file, beside the one in the folder. */
  readonly json: string | undefined;
  readonly baseline: string | undefined;
  readonly threshold: number;
  readonly out: string | undefined;
  readonly forced: Readonly<Record<string, string>>;
  /** undefined: those that the suites have. */
  readonly net: AskedNet | undefined;
  /** undefined: as many as fit. */
  readonly rounds: number | undefined;
  readonly seed: number;
}

const examples = `
Examples:
  npm run bench -- --list
  npm run bench -- --suite kernels --filter "matmul-forward M=100" --quick
  npm run bench -- --suite train --variant matmul=naive
  npm run bench -- --suite train --host node
  npm run bench -- --suite kernels --net air-24-48-48 --batch-size 100 --filter conv-
  npm run bench -- --suite start
  npm run bench -- --suite page
  npm run bench -- --quick --baseline runs/bench-before/results.json

Found wrong, with exit status 1: a result is wrong, or a row is slower than the baseline allows. A comparison that can tell nothing, since no
row is in both or too few rounds are, ends with status 2.`;

/** undefined where help was asked for. @throws UserError for a mistake, in one line */
export function parseBenchOptions(args: readonly string[]): BenchOptions | undefined {
  const command = addHostOptions(
    makeCommand(
      'bench',
      'Times kernels, training steps and other engines, on one host a run: in a headless browser or in Node.',
    )
      .addOption(
        new Option(
          '--suite <name>',
          'one suite (default: all but start and page; with --net or --variant kernels and train)',
        ).choices(suiteNames),
      )
      .option('--filter <words>', 'only groups whose name contains all these words')
      .addOption(
        new Option('--list', 'show what would be measured, and what not and why').conflicts(['json', 'out']),
      )
      .option('--quick', 'fewer groups, fewer rounds: under three minutes')
      .option('--json <file>', 'write the results to this file too', path)
      .option('--baseline <file>', 'compare with an earlier results.json from the same adapter', path)
      .option(
        '--threshold <x>',
        `slow-down against the baseline that counts as a failure (default: ${defaultThreshold})`,
        number(0, true),
      )
      .option('--out <dir>', 'folder of the results (default: runs/bench-<time>)', path)
      .option('--variant <op=name>', 'time this variant only, such as matmul=naive; repeatable', assignment)
      .option('--net <name>', 'kernels and steps of this net only, such as air-24-48-48')
      .option('--batch-size <n>', 'images per batch of that net (default: its own)', wholeNumber(1, 10_000))
      .option('--rounds <n>', 'rounds per group (default: as many as fit)', wholeNumber(1, 10_000))
      .option('--seed <s>', 'seed of the random order', wholeNumber(0), 1)
      .addHelpText('after', examples),
  );
  const parsed = parse(command, args);
  if (parsed === undefined) return undefined;
  const values: OptionValues = parsed.opts();
  const forced: Record<string, string> = values.variant ?? {};
  checkForced(forced);
  const host = hostOptionsOf(values);
  const net = netOf(values);
  return {
    ...host,
    args,
    suites: suitesOf(values.suite, host, choiceOf(values)),
    filter: String(values.filter ?? '')
      .toLowerCase()
      .split(/\s+/)
      .filter((word) => word !== ''),
    list: values.list === true,
    quick: values.quick === true,
    json: values.json,
    baseline: values.baseline,
    threshold: thresholdOf(values),
    out: values.out,
    forced,
    net,
    rounds: values.rounds,
    seed: values.seed,
  };
}

/** @throws UserError where there is nothing to be slower than */
function thresholdOf({ threshold, baseline }: OptionValues): number {
  if (threshold !== undefined && baseline === undefined)
    throw new UserError('--threshold is a slow-down against the run of --baseline: name one');
  return threshold ?? defaultThreshold;
}

/** @throws UserError where there is no such net */
function netOf({ net: name, batchSize }: OptionValues): AskedNet | undefined {
  if (name === undefined) {
    if (batchSize !== undefined)
      throw new UserError('--batch-size is the batch of the net of --net: name one');
    return undefined;
  }
  try {
    namedNetExperiment(name);
  } catch (error) {
    throw new UserError(`--net ${name}: ${(error as Error).message}`);
  }
  return { name, batchSize };
}

/** The option that chooses what kernels and steps of training are measured; undefined: all that the suites have. */
const choiceOf = ({ net, variant }: OptionValues): '--net' | '--variant' | undefined =>
  net !== undefined ? '--net' : variant !== undefined ? '--variant' : undefined;

/** @throws UserError where the suite that was asked for needs Chrome, or has nothing of what was chosen */
function suitesOf(
  suite: SuiteName | undefined,
  { host }: HostOptions,
  choice: ReturnType<typeof choiceOf>,
): readonly SuiteName[] {
  if (choice !== undefined) {
    if (suite === undefined) return chosenSuites;
    if (chosenSuites.some((name) => name === suite)) return [suite];
    throw new UserError(
      `${choice} chooses among kernels and steps of training: use it with --suite ${chosenSuites.join(' or ')}`,
    );
  }
  const possible = suiteNames.filter((name) => host === 'chrome' || !chromeSuites.has(name));
  if (suite === undefined) return possible.filter((name) => !commandSuites.has(name));
  if (possible.some((name) => name === suite)) return [suite];
  throw new UserError(`--suite ${suite} needs Chrome: use --host chrome, the default`);
}

function checkForced(forced: Readonly<Record<string, string>>): void {
  for (const [op, name] of Object.entries(forced)) {
    const matching = kernels.filter((kernel) => kernel.op === op || kernel.op.startsWith(`${op}-`));
    if (matching.length === 0) {
      const ops = kernels.map((kernel) => kernel.op).join(', ');
      throw new UserError(`--variant ${op}=${name}: there is no op "${op}", there are ${ops}`);
    }
    const names = [...new Set(matching.flatMap(({ variants }) => variants.map((variant) => variant.name)))];
    if (!names.includes(name)) {
      throw new UserError(
        `--variant ${op}=${name}: ${op} has no variant "${name}", it has ${names.join(', ')}`,
      );
    }
  }
}

/** Does a group's id contain all the words? */
export const matches = (id: string, words: readonly string[]): boolean =>
  words.every((word) => id.toLowerCase().includes(word));
