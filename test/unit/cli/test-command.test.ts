/** What `npm test` and `node test/mutation.mjs` are asked for. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { TestModule } from 'vitest/node';
import { main } from '../../../src/cli/commands/test.ts';
import { unknownOption, withoutValue } from '../../../src/cli/commands/vitest-options.ts';
import { projectRoot } from '../../../src/hosts/project-root.ts';
import { LeftOutReporter } from '../../left-out-reporter.ts';

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

test('what -t did not ask for was not left out', () => {
  const skipped = (fullName: string, note?: string) => ({
    fullName,
    result: () => ({ state: 'skipped', ...(note !== undefined && { note }) }),
  });
  const tests = [skipped('a > one', 'no driver'), skipped('a > two'), skipped('b > one')];
  const module = { project: { name: 'gpu' }, children: { allTests: () => tests } } as unknown as TestModule;
  const namesWith = (testNamePattern?: RegExp) => {
    const file = join(folder, `${testNamePattern}`.replaceAll('/', ''));
    const reporter = new LeftOutReporter(file);
    reporter.onInit({ config: { ...(testNamePattern && { testNamePattern }) } });
    reporter.onTestRunEnd([module]);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines.map((line) => JSON.parse(line).name);
  };
  expect(namesWith()).toEqual(['a > one', 'a > two', 'b > one']);
  expect(namesWith(/a one/)).toEqual(['a > one']);
});
