import { text } from 'node:stream/consumers';
import { Option } from 'commander';
import type { HostOptions } from '../../hosts/host.ts';
import { resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { makeCommand, parse } from './command.ts';
import { readGivenText } from './given-file.ts';
import { addHostAndBrowserOptions, hostOptionsOf } from './host-options.ts';
import { path } from './paths.ts';
import { parseTrialParams, type TrialRequest } from './trial-params.ts';

/** What `npm run trial` was asked for. */
export type TrialOptions =
  | { readonly action: 'schema' }
  | ({ readonly action: 'job'; readonly job: string } & TrialPlace)
  | ({
      readonly action: 'params';
      readonly request: TrialRequest;
      readonly out: string | undefined;
    } & TrialPlace);

/** With which data a trial is trained, and in which browser. */
export interface TrialPlace {
  readonly dataDir: string | undefined;
  readonly host: HostOptions;
}

interface Flags {
  readonly params?: string;
  readonly job?: string;
  readonly schema?: true;
  readonly out?: string;
  readonly data?: string;
  readonly browserWs?: string;
  readonly pagePort?: number;
}

const command = () =>
  addHostAndBrowserOptions(
    makeCommand('trial', 'Trains once, as a program for other programs: JSON in, JSON lines out.'),
  )
    .addOption(
      new Option('--params <file>', 'the trial as JSON (default: from standard input)')
        .argParser(path)
        .conflicts('job'),
    )
    .option(
      '--job <dir/number>',
      'a job that --plan of search or experiments wrote, such as runs/jobs/3',
      path,
    )
    .addOption(
      new Option('--out <dir>', 'folder for metrics and checkpoint (default: runs/trial-<id>)')
        .argParser(path)
        .conflicts('job'),
    )
    .option('--data <dir>', 'folder with the files of the data set (default: downloaded once)', path)
    .option('--schema', 'print the JSON Schema of input and output')
    .addHelpText(
      'after',
      `
A trial is { "id": "a", "settings": { "lambda": 0.001, "hidden": [50, 50] }, "seed": 1, "budget": { "epochs": 5 } }.
Its settings are the options of npm run train by their names (lr-max is lrMax); seeds [1, 2, 3] instead of
seed train at once and count by their mean; budget is { "steps": n }, { "epochs": n } or all cycles.

Standard output has JSON alone, one object a line: {"type": "metric", ...} with validation scores after each
epoch, and {"type": "result", "status": "complete" | "pruned" | "failed", ...} at the end. Call it by
npm run --silent trial, or by node src/cli/main.mjs trial: npm prints a heading otherwise.

SIGTERM or Ctrl-C ends it in order: pruned, with the checkpoint that the same trial goes on from when it is
given as "checkpoint". The exit status is 0 for complete, 1 for failed (a loss that is not finite, something broke),
128 + signal for pruned, 2 for bad input and for what it may not do: where another process trains the job, or another
adapter began it, there is no result line, since that process has the result.

A job may be started twice, and on any machine that reaches its folder: a lease keeps the second one off, or lets it
go on where the first one died. docs/scale.md has more.

Examples:
  echo '{ "id": "a", "settings": { "lambda": 0.001 } }' | npm run --silent trial
  npm run --silent trial -- --params a.json --out runs/a
  npm run --silent trial -- --job runs/jobs/3`,
    );

/** Parses the arguments and reads the trial; undefined where help was asked for. @throws UserError for a mistake */
export async function parseTrialOptions(args: readonly string[]): Promise<TrialOptions | undefined> {
  const parsed = parse(command(), args);
  if (parsed === undefined) return undefined;
  const flags = parsed.opts<Flags>();
  const { params, job, schema, out, data } = flags;
  if (schema) return { action: 'schema' };
  const dataDir = data === undefined ? undefined : resolvePath(data);
  const place = { dataDir, host: hostOptionsOf(flags) };
  if (job !== undefined) return { action: 'job', job: resolvePath(job), ...place };
  const request = parseTrialParams(
    params === undefined ? await standardInput() : readGivenText('--params', params),
  );
  return { action: 'params', request, out: out === undefined ? undefined : resolvePath(out), ...place };
}

async function standardInput(): Promise<string> {
  if (process.stdin.isTTY) {
    throw new UserError('give the trial as JSON on standard input, or name its file with --params');
  }
  return text(process.stdin);
}
