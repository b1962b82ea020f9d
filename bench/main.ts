// `npm run bench`: measures in headless Chrome, compares, writes the results.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CliError } from '../src/cli/cli-error.ts';
import { makeProgress, type Progress } from '../src/cli/progress.ts';
import { projectRoot } from '../src/cli/project-root.ts';
import { type Analysis, analyse } from './analysis.ts';
import { baselineRefusal } from './baseline.ts';
import { expectedSeconds, lastStartSeconds, profileEffort, settingsFor } from './budget.ts';
import { currentCommit, describeHost, load } from './host.ts';
import { type BenchOptions, matches, parseBenchOptions } from './options.ts';
import type { ListedGroup } from './protocol.ts';
import { listText, terminalReport } from './report/terminal.ts';
import { writeResults } from './result-files.ts';
import {
  type BenchFile,
  formatName,
  formatVersion,
  type Group,
  parseBenchFile,
  type Row,
  type StepProfile,
  type SuiteName,
} from './schema.ts';
import { messageOf, openSession, type Session } from './session.ts';

/** Exit status after Ctrl-C, as shells count it. */
const interrupted = 130;

/** Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(args);
  if (options === undefined) return 0;
  const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
  const loadBefore = load();
  const startedAt = new Date();
  const progress = makeProgress('bench', 5000);
  const session = await openSession(progress.log);
  try {
    const { opened } = session;
    progress.log(`adapter: ${opened.adapterName}`);
    const refusal = baseline && baselineRefusal(opened, baseline);
    if (refusal !== undefined) throw new CliError(`--baseline ${options.baseline}: ${refusal}`);
    const groups = await chooseGroups(session, options);
    if (options.list) {
      console.log(listText(groups));
      return 0;
    }
    const measured = await measureAll(session, groups, options, progress);
    progress.stop();
    const file: BenchFile = {
      format: formatName,
      version: formatVersion,
      header: {
        startedAt: startedAt.toISOString(),
        elapsedMs: Date.now() - startedAt.getTime(),
        complete: !measured.stopped,
        args,
        seed: options.seed,
        quick: options.quick,
        commit: currentCommit(),
        host: describeHost(loadBefore),
        browser: session.browser,
        ...opened,
      },
      groups: measured.groups,
      profiles: measured.profiles,
    };
    const analysis = analyse(file, baseline, options.threshold);
    console.log(terminalReport(analysis));
    const folder = writeResults(
      analysis,
      outFolder(options, startedAt),
      options.json && resolve(options.json),
    );
    console.log(`\nresults in ${folder}: results.json, results.md, report.html, trace.json`);
    return measured.stopped ? interrupted : statusOf(analysis);
  } finally {
    progress.stop();
    await session.close();
  }
}

function readBaseline(path: string): BenchFile {
  let text: string;
  try {
    text = readFileSync(resolve(path), 'utf8');
  } catch (error) {
    throw new CliError(`--baseline ${path}: ${(error as Error).message}`);
  }
  try {
    return parseBenchFile(text);
  } catch (error) {
    throw new CliError(`--baseline ${path}: ${(error as Error).message}`);
  }
}

/** A path as the user meant it: npm starts scripts in the project's folder and says where it was called. */
const resolve = (path: string): string =>
  path.startsWith('/') ? path : join(process.env.INIT_CWD ?? process.cwd(), path);

function outFolder({ out }: BenchOptions, startedAt: Date): string {
  if (out !== undefined) return resolve(out);
  const time = startedAt.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '');
  return join(projectRoot, 'runs', `bench-${time}`);
}

/** What a run that runs out of time should not lack comes first. */
const measuredFirst: readonly SuiteName[] = ['peaks', 'train', 'peers', 'kernels'];

/** The groups that were asked for, behind the adapter's own speed. @throws CliError where none is left */
async function chooseGroups(session: Session, { suites, quick, forced, filter }: BenchOptions) {
  const listed = await session.list({ suites: ['peaks', ...suites], quick, forced });
  const chosen = listed
    .filter(({ suite, id }) => suite === 'peaks' || matches(id, filter))
    .sort((a, b) => measuredFirst.indexOf(a.suite) - measuredFirst.indexOf(b.suite));
  if (!chosen.some(({ suite }) => suite !== 'peaks')) {
    throw new CliError(`no group matches --filter "${filter.join(' ')}": see npm run bench -- --list`);
  }
  return chosen;
}

async function measureAll(
  session: Session,
  listed: readonly ListedGroup[],
  { quick, rounds, seed }: BenchOptions,
  progress: Progress,
) {
  const groups: Group[] = [];
  const profiles: StepProfile[] = [];
  const weights = listed.map(({ suite }) => expectedSeconds(suite, quick));
  const total = Math.ceil(weights.reduce((sum, seconds) => sum + seconds, 0));
  const lastStartAt = Date.now() + 1000 * lastStartSeconds(quick);
  let done = 0;
  const interrupt = stopOnSignals(session, progress);
  try {
    for (const [index, { suite, id, title, rows, skipped }] of listed.entries()) {
      if (interrupt.asked()) break;
      const update = (part: number) =>
        progress.update(Math.floor(done + part * weights[index]!), total, `${suite} ${title}`);
      update(0);
      if (Date.now() > lastStartAt && rounds === undefined) {
        const limit = `not reached in ${lastStartSeconds(quick)} s: choose it with --suite or --filter`;
        groups.push(
          emptyGroup(suite, id, title, [...skipped, ...rows.map((name) => ({ name, reason: limit }))]),
        );
        continue;
      }
      try {
        const result = await session.measure(
          {
            suite,
            id,
            seed,
            quick,
            settings: settingsFor(suite, rows.length, quick, rounds),
            profile: profileEffort(quick),
          },
          (round, planned) => update(round / planned),
        );
        groups.push(result.group);
        profiles.push(...result.profiles);
      } catch (error) {
        const reason = messageOf(error);
        if (/the browser ended|was lost/.test(reason)) throw error;
        progress.log(`${suite} ${id}: ${reason.split('\n')[0]}`);
        const failed = rows.map((name) => failedRow(name, reason));
        groups.push({ ...emptyGroup(suite, id, title, skipped), rows: failed });
      }
      done += weights[index]!;
    }
    return { groups, profiles, stopped: interrupt.asked() };
  } finally {
    interrupt.forget();
  }
}

/** A group without rows. */
const emptyGroup = (suite: SuiteName, id: string, title: string, skipped: Group['skipped']): Group => ({
  suite,
  id,
  op: id.split(' ')[0] ?? id,
  title,
  usedBy: [],
  clock: 'gpu',
  warmupRounds: 0,
  rows: [],
  skipped,
});

/** A row that could not be measured: its group failed. */
const failedRow = (name: string, reason: string): Row => ({
  name,
  isDefault: false,
  validation: { ok: false, how: reason },
  work: { flops: 0, bytes: 0 },
  repeats: 0,
  samplesNs: [],
  dispatches: 0,
});

/** First signal: end the current group after its current round and report. Second: leave at once. */
function stopOnSignals(session: Session, progress: Progress) {
  let asked = false;
  const onSignal = () => {
    if (asked) process.exit(interrupted);
    asked = true;
    progress.log('stopping after this round; once more to leave at once');
    session.stop().catch(() => process.exit(interrupted));
  };
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, onSignal);
  return {
    asked: () => asked,
    forget: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}

/** 1 where a result is wrong or a row is slower than the baseline allows. */
function statusOf({ wrong, baseline }: Analysis): number {
  return wrong.length > 0 || (baseline?.rows.some(({ regression }) => regression) ?? false) ? 1 : 0;
}
