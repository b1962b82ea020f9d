// `npm run bench`: measures in headless Chrome or in Node, compares, writes the results.

import { join } from 'node:path';
import { commandLine } from '../src/cli/command-line.ts';
import { claimFolder, claimNewFolder } from '../src/cli/folders/folder-lock.ts';
import { refuseOccupied } from '../src/cli/folders/occupied.ts';
import { checkTargetFile } from '../src/cli/folders/target-file.ts';
import { timedName } from '../src/cli/folders/timed-name.ts';
import { readGivenText } from '../src/cli/options/given-file.ts';
import { signals } from '../src/cli/process/signals.ts';
import { makeProgress } from '../src/cli/progress.ts';
import { resolvePath, runsFolder } from '../src/hosts/project-root.ts';
import { UserError } from '../src/hosts/user-error.ts';
import { type BenchFile, formatName, formatVersion, parseBenchFile } from '../src/measure/schema.ts';
import { type Analysis, analyse } from './analysis.ts';
import { baselineRefusal, doubtOf, idleRefusal } from './baseline.ts';
import { isStep } from './budget.ts';
import { currentCommit, describeHost, load } from './host.ts';
import { type MeasuredGroups, measureAll } from './measure-groups.ts';
import { openNodeSession } from './node-session.ts';
import { type BenchOptions, commandSuites, matches, parseBenchOptions } from './options.ts';
import type { ListedGroup } from './protocol.ts';
import { listText, terminalReport } from './report/terminal.ts';
import { writeResults } from './result-files.ts';
import type { Session } from './session.ts';
import { measureStart } from './start-rounds.ts';
import { pageGroups, trainingOf } from './suites/page-suite.ts';
import { startGroups } from './suites/start-suite.ts';

/** Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const options = parseBenchOptions(args);
  if (options === undefined) return 0;
  const baseline = options.baseline === undefined ? undefined : readBaseline(options.baseline);
  if (options.json !== undefined) checkTargetFile(resolvePath(options.json));
  const loadBefore = load();
  const startedAt = new Date();
  const folder = options.list ? '' : outFolder(options, startedAt);
  const progress = makeProgress('bench', 5000);
  const session = withCommands(await openSession(options, progress.log));
  try {
    const { opened } = session;
    progress.log(`adapter: ${opened.adapterName}`);
    const refusal = baseline && baselineRefusal(opened, baseline);
    if (refusal !== undefined) throw new UserError(`--baseline ${options.baseline}: ${refusal}`);
    const groups = await chooseGroups(session, options);
    if (options.list) {
      console.log(listText(groups));
      return 0;
    }
    const idle = baseline && idleRefusal(groups, baseline, options.rounds);
    if (idle !== undefined) throw new UserError(`--baseline ${options.baseline}: ${idle}`);
    // A signal stops the measuring, and what was measured is written.
    return await signals.hold('this round', session.stop, async () => {
      const commit = currentCommit();
      const fileOf = ({ groups: all, profiles, stopped }: MeasuredGroups): BenchFile => ({
        format: formatName,
        version: formatVersion,
        header: {
          startedAt: startedAt.toISOString(),
          elapsedMs: Date.now() - startedAt.getTime(),
          complete: !stopped,
          args,
          seed: options.seed,
          quick: options.quick,
          commit,
          host: describeHost(loadBefore),
          browser: session.browser,
          ...opened,
        },
        groups: all,
        profiles,
      });
      let measured = await measureAll(session, groups, options, progress, startedAt);
      let analysis = analyse(fileOf(measured), baseline, options.threshold);
      for (let again = 1; again <= confirmations && !measured.stopped; again++) {
        const suspects = suspectsOf(analysis, groups);
        if (suspects.length === 0) break;
        progress.log(`${suspects.length} groups seem slower than the baseline: measuring them again`);
        const seed = options.seed + again;
        measured = replaced(
          measured,
          await measureAll(session, suspects, { ...options, seed }, progress, startedAt),
        );
        analysis = analyse(fileOf(measured), baseline, options.threshold);
      }
      progress.stop();
      console.log(terminalReport(analysis));
      writeResults(analysis, folder, options.json && resolvePath(options.json));
      console.log(`\nresults in ${folder}: results.json, results.md, report.html, trace.json`);
      if (measured.failure !== undefined) return 1;
      if (measured.stopped) return signals.status;
      const status = statusOf(analysis);
      const doubt = status === 0 ? analysis.baseline && doubtOf(analysis.baseline) : undefined;
      if (doubt !== undefined) throw new UserError(doubt);
      return status;
    });
  } finally {
    progress.stop();
    await session.close();
  }
}

/** What a host needs is loaded with it: the kit (kit/pack.ts) has no browser. */
async function openSession({ host, adapter }: BenchOptions, log: (line: string) => void): Promise<Session> {
  if (host === 'node') return openNodeSession({ adapter, log });
  const { openBrowserSession } = await import('./browser-session.ts');
  const { launchChrome } = await import('../src/hosts/chrome/launch.ts');
  const { launchFirefox } = await import('../src/hosts/firefox/launch.ts');
  return openBrowserSession(host === 'firefox' ? launchFirefox : launchChrome, log);
}

/** Commands are started by this process; all else is measured by the session. */
function withCommands(session: Session): Session {
  const stop = new AbortController();
  return {
    ...session,
    list: async (request) => [
      ...(await session.list(request)),
      ...(request.suites.includes('start') ? startGroups() : []),
      ...(request.suites.includes('page') ? pageGroups() : []),
    ],
    async measure(request, onRound) {
      if (request.suite === 'start') return measureStart(request, onRound, stop.signal);
      if (request.suite !== 'page') return session.measure(request, onRound);
      const training = trainingOf(request.id);
      if (training !== undefined) {
        const { measureTraining } = await import('./page-rounds.ts');
        return measureTraining(training, request, onRound, stop.signal);
      }
      const { measureShown } = await import('./page-shown.ts');
      return measureShown(request, onRound, stop.signal);
    },
    stop() {
      stop.abort();
      return session.stop();
    },
  };
}

/**
 * Times that a group which seems slower than the baseline is measured again before that counts: a slow-down stays, what
 * another process did to a few rows in a few seconds does not. The last measurement replaces the earlier ones.
 */
const confirmations = 2;

function suspectsOf({ baseline }: Analysis, groups: readonly ListedGroup[]): ListedGroup[] {
  const slower = (baseline?.rows ?? []).filter(({ regression, seemsSlower }) => regression || seemsSlower);
  return groups.filter(({ suite, id }) => slower.some((row) => row.suite === suite && row.group === id));
}

/** `old` with what was measured again in the place of what it was. */
function replaced(old: MeasuredGroups, again: MeasuredGroups): MeasuredGroups {
  // A group that there was no time for is no measurement: the earlier one counts.
  const anew = again.groups.filter(({ rows }) => rows.length > 0);
  const groups = old.groups.map(
    (group) => anew.find(({ suite, id }) => suite === group.suite && id === group.id) ?? group,
  );
  const profiles = old.profiles.map(
    (profile) => again.profiles.find(({ group }) => group === profile.group) ?? profile,
  );
  return { ...again, groups, profiles };
}

function readBaseline(path: string): BenchFile {
  const text = readGivenText('--baseline', path);
  try {
    return parseBenchFile(text);
  } catch (error) {
    throw new UserError(`--baseline ${path}: ${(error as Error).message}`);
  }
}

/**
 * The folder of the results, claimed before anything is measured.
 * @throws UserError where it holds other results, or another process writes to it
 */
function outFolder({ out }: BenchOptions, startedAt: Date): string {
  if (out === undefined) return claimNewFolder(join(runsFolder(), timedName('bench', startedAt)));
  const folder = resolvePath(out);
  claimFolder(folder);
  refuseOccupied(folder);
  return folder;
}

/** What a run that runs out of time should not lack comes first; the peers' products, of which one takes seconds, last. */
const order: readonly ((group: ListedGroup) => boolean)[] = [
  ({ suite }) => suite === 'peaks',
  ({ suite }) => suite === 'train',
  ({ suite, id }) => suite === 'peers' && isStep(id),
  ({ suite }) => suite === 'kernels',
  () => true,
];
const placeOf = (group: ListedGroup): number => order.findIndex((belongs) => belongs(group));

/** The groups that were asked for, behind the adapter's own speed where that is compared with. @throws UserError where none is left */
async function chooseGroups(session: Session, { suites, quick, forced, net, filter }: BenchOptions) {
  const first = suites.every((suite) => commandSuites.has(suite)) ? [] : (['peaks'] as const);
  const listed = await session.list({ suites: [...first, ...suites], quick, forced, net });
  const chosen = listed
    .filter(({ suite, id }) => suite === 'peaks' || matches(id, filter))
    .sort((a, b) => placeOf(a) - placeOf(b));
  if (!chosen.some(({ suite }) => suite !== 'peaks')) {
    throw new UserError(
      `no group matches --filter "${filter.join(' ')}": see ${commandLine('bench', ['--list'])}`,
    );
  }
  return chosen;
}

/** 1 where a result is wrong or a row is slower than the baseline allows. */
function statusOf({ wrong, baseline }: Analysis): number {
  return wrong.length > 0 || (baseline?.rows.some(({ regression }) => regression) ?? false) ? 1 : 0;
}
