/** What `npm test` and `node test/mutation.mjs` are asked for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { main } from '../../../src/cli/commands/test.ts';
import { type Outcome, readOutcomes } from '../../../src/cli/commands/test-summary.ts';
import { unknownOption, withoutValue } from '../../../src/cli/commands/vitest-options.ts';
import { projectRoot } from '../../../src/hosts/project-root.ts';
import { SummaryReporter } from '../../summary-reporter.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgrad-test-command-'));
afterAll(() => rmSync(folder, { recursive: true }));

test("an option that is not Vitest's is refused before anything starts", async () => {
  await expect(main(['a.test.ts', '--frob'])).rejects.toThrow(
    'unknown option "--frob": npx vitest run --help has those of Vitest',
  );
});

test('an option that lacks its value is refused, too', async () => {
  await expect(main(['a.test.ts', '-t'])).rejects.toThrow('option "-t" wants a value behind it');
  const help = '  -t, --testNamePattern <pattern>  Run\n  -w, --watch  Watch\n  --retry <times>  Again\n';
  expect(withoutValue(['-t', 'x', '--watch', '--retry=3', '--retry', '3', '-w'], help)).toBeUndefined();
  expect(withoutValue(['--retry', '--watch'], help)).toBe('--retry');
  const nested = `${help}  --browser <name>  Name\n  --retry.count <n>  Count\n`;
  expect(withoutValue(['--browser.headless', '--no-browser', '--', '--retry'], nested)).toBeUndefined();
  expect(withoutValue(['--retry.count'], nested)).toBe('--retry.count');
  expect(withoutValue(['x', '--test-name-pattern'], help)).toBe('--test-name-pattern');
});

test("Vitest's options are known, however they are written", () => {
  const help = '  -t, --testNamePattern <pattern>  Run\n  --coverage.enabled  On\n  --no-color  None\n';
  const known = [
    ...['-t', 'x y', '-tx', '--testNamePattern=a.b', '--test-name-pattern', '--coverage', '--no-coverage'],
    ...['--coverage.reporter=text', '--color', '--no-color', '--help', '--', '--other'],
  ];
  expect(unknownOption(known, help)).toBeUndefined();
  expect(unknownOption(['-t', 'x', '--cover'], help)).toBe('--cover');
  expect(unknownOption(['-f'], help)).toBe('-f');
});

describe('mutation.mjs ends with one line and status 2 for', () => {
  test.each([
    ['an option that it does not have', ['--frob'], "mutation: Unknown option '--frob'\n"],
    ['a mutant that there is not', ['--page', '--only', '1,99'], 'mutation: --only 1,99: mutants have the'],
  ])('%s', (_, args, line) => {
    const command = [join(projectRoot, 'test/mutation.mjs'), ...args];
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' });
    expect([status, stdout, stderr.split('\n').length]).toEqual([2, '', 2]);
    expect(stderr).toContain(line);
  });
});

/** What a reporter writes of a file with these tests. */
function reported(
  tests: readonly object[],
  { testNamePattern, unhandled = [] }: { testNamePattern?: RegExp; unhandled?: { message: string }[] } = {},
): Outcome[] {
  const file = join(mkdtempSync(join(folder, 'reporter-')), 'summary.jsonl');
  const reporter = new SummaryReporter(file);
  reporter.onInit({ config: { ...(testNamePattern && { testNamePattern }) } });
  const stateOf = (test: object) => (test as { result(): { state: string } }).result().state;
  const group = { fullName: 'a', errors: () => [{ message: 'before all' }] };
  reporter.onTestRunEnd(
    [
      {
        project: { name: 'gpu' },
        relativeModuleId: 'a.test.ts',
        errors: () => [{ message: 'no such module' }],
        children: {
          allTests: (state: string) => tests.filter((test) => stateOf(test) === state),
          allSuites: () => [group],
        },
      } as unknown as TestModule,
    ],
    unhandled,
  );
  return readOutcomes(readFileSync(file, 'utf8'));
}

test('what -t did not ask for was not left out', () => {
  const skipped = (fullName: string, note?: string) => ({
    fullName,
    result: () => ({ state: 'skipped', ...(note !== undefined && { note }) }),
  });
  const tests = [skipped('a > one', 'no driver'), skipped('a > two'), skipped('b > one')];
  const namesWith = (testNamePattern?: RegExp) =>
    reported(tests, { ...(testNamePattern && { testNamePattern }) })
      .filter(({ kind }) => kind === 'left out')
      .map(({ name }) => name);
  expect(namesWith()).toEqual(['a > one', 'a > two', 'b > one']);
  expect(namesWith(/a one/)).toEqual(['a > one']);
});

test('what failed: files, groups, tests and what is outside of all, by the first line of its error', () => {
  const tests = [
    { fullName: 'a > one', result: () => ({ state: 'passed' }) },
    {
      fullName: 'a > two',
      result: () => ({ state: 'failed', errors: [{ message: 'expected 1 to be 2\nand more' }] }),
    },
  ];
  const outcomes = reported(tests, { unhandled: [{ message: 'reloaded' }] });
  expect(outcomes.map(({ kind, name, reason }) => [kind, name, reason])).toEqual([
    ['failed', 'a.test.ts', 'no such module'],
    ['failed', 'a.test.ts > a', 'before all'],
    ['failed', 'a.test.ts > a > two', 'expected 1 to be 2'],
    ['failed', 'outside of all tests', 'reloaded'],
  ]);
});
