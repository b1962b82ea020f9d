import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { installedBrowsers, namedBrowser } from '../../hosts/chrome/candidates.ts';
import { installBrowser } from '../../hosts/chrome/install-browser.ts';
import { startChrome } from '../../hosts/chrome/launch.ts';
import { firefox } from '../../hosts/firefox/launch.ts';
import { dawnVersion } from '../../hosts/node/dawn.ts';
import { installMesa, lavapipeManifest } from '../../hosts/node/mesa.ts';
import { projectRoot } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { refuseSwallowed } from '../options/swallowed.ts';
import { signals } from '../process/signals.ts';
import { failedLines, leftOutLines, readOutcomes } from './test-summary.ts';
import { unknownOption, withoutValue } from './vitest-options.ts';

const vitest = 'vitest/vitest.mjs';

interface Check {
  readonly name: string;
  readonly module: string;
  readonly args: readonly string[];
}

const project = (name: string): Check => ({
  name: `tests: ${name}`,
  module: vitest,
  args: ['run', '--passWithNoTests', '--project', name],
});

/** The checks of `npm test`, in the order of their cost. */
const checks: readonly Check[] = [
  { name: 'format and lint', module: '@biomejs/biome/bin/biome', args: ['ci', '.'] },
  { name: 'types', module: 'typescript/bin/tsc', args: ['--noEmit'] },
];

/** Parts of the tests, the longest first (vite.config.ts). */
const projects = ['gpu', 'page', 'commands', 'firefox', 'unit', 'lavapipe'];

/** So many parts run at once: those on a GPU wait for an adapter's compiler, which uses one core, the others mostly for processes. */
const testsAtOnce = 2;

/** Options of Vitest that are often given, which npm must not keep. */
const testOptions = [
  ...[
    '--project',
    '--reporter',
    '--test-name-pattern',
    '--bail',
    '--retry',
    '--dir',
    '--shard',
    '--changed',
  ].map((long) => ({ long, takesValue: true })),
  ...['--watch', '--ui', '--update', '--coverage'].map((long) => ({ long, takesValue: false })),
];

/** `npm test`: everything that CI runs. Arguments, such as a file name, go to Vitest and skip the other checks. */
export async function main(args: readonly string[]): Promise<number> {
  refuseSwallowed('test', testOptions, args);
  if (args.some((arg) => arg.startsWith('-'))) await refuseUnknown(args);
  // The first browser that starts: all tests take the same.
  const { browser: started, path: browser } = await startChrome({ log: (line) => console.error(line) });
  await started.close();
  console.error(`browser: ${browser}`);
  const withoutLavapipe = await provideLavapipe();
  await provideFirefox();
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-test-'));
  const summary = join(folder, 'summary.jsonl');
  const statuses = new Map<string, number>();
  const running = new Set<ChildProcess>();
  const run = (check: Check, whole: boolean) =>
    runCheck(check, running, { WGRAD_BROWSER: browser, WGRAD_TEST_SUMMARY: summary }, whole);
  const stop = (signal: NodeJS.Signals) => {
    for (const child of running) child.kill(signal);
  };
  try {
    return await signals.hold('this check', stop, async () => {
      const whole = args.length === 0;
      for (const check of whole ? checks : [{ name: 'tests', module: vitest, args: ['run', ...args] }]) {
        const status = await run(check, false);
        if (signals.asked) return signals.status;
        if (status !== 0) return status;
      }
      const waiting = whole ? [...projects] : [];
      const lane = async (printsWhole: boolean) => {
        for (let name = waiting.shift(); name !== undefined && !signals.asked; name = waiting.shift())
          statuses.set(name, await run(project(name), printsWhole));
      };
      await Promise.all(Array.from({ length: testsAtOnce }, (_, i) => lane(i > 0)));
      return signals.asked ? signals.status : Math.max(0, ...statuses.values());
    });
  } finally {
    const outcomes = existsSync(summary) ? readOutcomes(readFileSync(summary, 'utf8')) : [];
    const lines = leftOutLines(outcomes);
    if (withoutLavapipe !== undefined) lines.push(`left out, the tests on lavapipe: ${withoutLavapipe}`);
    // Of one part, Vitest has just said it.
    if (statuses.size > 0 && !signals.asked) lines.push(...failedLines(outcomes, statuses));
    if (lines.length > 0) console.error(`\n${lines.join('\n')}`);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Before a browser is started or a driver installed. @throws UserError for an option that Vitest does not have, or that lacks its value */
async function refuseUnknown(args: readonly string[]): Promise<void> {
  const command = [join(projectRoot, 'node_modules', vitest), 'run', '--help', '--expand-help'];
  const { stdout } = await promisify(execFile)(process.execPath, command, { cwd: projectRoot });
  const unknown = unknownOption(args, stdout);
  if (unknown !== undefined)
    throw new UserError(`unknown option "${unknown}": npx vitest run --help has those of Vitest`);
  const empty = withoutValue(args, stdout);
  if (empty !== undefined) throw new UserError(`option "${empty}" wants a value behind it`);
}

/** The second adapter of the tests. Returns why they are left out on it (test/lavapipe-driver.ts); undefined where it is there. */
async function provideLavapipe(): Promise<string | undefined> {
  if (dawnVersion() === '') return 'the optional npm package webgpu is not installed';
  if (process.env.VK_ICD_FILENAMES !== undefined || lavapipeManifest() !== undefined) return undefined;
  await installMesa((line) => console.error(line));
  return lavapipeManifest() === undefined ? 'its driver is not installed' : undefined;
}

/** The second browser of the tests, which are left out with a reason where it cannot be had (test/firefox.ts). */
async function provideFirefox(): Promise<void> {
  if (process.getuid?.() !== 0 || (namedBrowser(firefox) ?? installedBrowsers(firefox)[0]) !== undefined)
    return;
  await installBrowser(firefox, (line) => console.error(line));
}

/** Runs a check to its end. What a check beside another one prints comes `whole`, when it is over. Returns its exit status. */
function runCheck(
  { name, module, args }: Check,
  running: Set<ChildProcess>,
  env: Readonly<Record<string, string>>,
  whole: boolean,
): Promise<number> {
  if (!whole) console.error(`\n${name}`);
  const child = spawn(process.execPath, [join(projectRoot, 'node_modules', module), ...args], {
    cwd: projectRoot,
    stdio: whole ? ['inherit', 'pipe', 'pipe'] : 'inherit',
    env: { ...process.env, ...env },
  });
  running.add(child);
  const printed: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => printed.push(chunk));
  return new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      running.delete(child);
      if (whole) process.stderr.write(`\n${name}\n${Buffer.concat(printed).toString()}`);
      resolve(code ?? 1);
    });
  });
}
