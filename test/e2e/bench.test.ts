import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowserSession } from '../../bench/browser-session.ts';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { type BenchFile, formatBenchFile, parseBenchFile } from '../../src/measure/schema.ts';
import { type Outcome, startCommand } from './command.ts';

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-bench-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const bench = (...args: string[]): Promise<Outcome> => startCommand('bench', args).outcome;

/** Two groups with little work: a kernel and a step. */
const small = ['--quick', '--rounds', '7'];

describe('npm run bench', () => {
  let file: BenchFile;

  test('one op, quick: tables on stdout and every file in the folder', { timeout: 240_000 }, async () => {
    const out = join(folder, 'kernels');
    const { status, stdout, stderr } = await bench(
      ...small,
      '--suite',
      'kernels',
      '--filter',
      'softmax',
      '--out',
      out,
    );
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('softmax-cross-entropy');
    expect(stdout).toContain('empty dispatch');
    expect(readdirSync(out).sort()).toEqual(['report.html', 'results.json', 'results.md', 'trace.json']);
    file = parseBenchFile(readFileSync(join(out, 'results.json'), 'utf8'));
    const [group] = file.groups.filter(({ suite }) => suite === 'kernels');
    expect(group!.rows.every(({ validation }) => validation.ok)).toBe(true);
    expect(group!.rows[0]!.samplesNs).toHaveLength(7);
    expect(file.groups.filter(({ suite }) => suite === 'peaks').map(({ op }) => op)).toContain('fma');
    const html = readFileSync(join(out, 'report.html'), 'utf8');
    expect(html).toContain('<svg');
    expect(html).not.toMatch(/<script|<link/);
  });

  test('a step: losses checked, profiled kernel by kernel, a trace', { timeout: 240_000 }, async () => {
    const out = join(folder, 'train');
    const only = ['--suite', 'train', '--filter', '50-50 sgd', '--variant', 'sgd=vec4'];
    const { status, stdout, stderr } = await bench(...small, ...only, '--out', out);
    expect(status, stderr).toBe(0);
    expect(stdout).toContain('profile of step 50-50 sgd R=1');
    const { groups, profiles } = parseBenchFile(readFileSync(join(out, 'results.json'), 'utf8'));
    const step = groups.find(({ suite }) => suite === 'train')!;
    expect(step.rows.map(({ name }) => name)).toContain('default');
    expect(step.rows[0]!.validation.how).toContain('losses of 3 steps, float64 reference');
    expect(profiles[0]!.dispatches.map(({ op }) => op)).toContain('sgd');
    const trace = JSON.parse(readFileSync(join(out, 'trace.json'), 'utf8'));
    expect(trace.traceEvents.length).toBeGreaterThan(profiles[0]!.dispatches.length);
  });

  test('a baseline from another adapter, or with too few rounds, is refused in one line', {
    timeout: 240_000,
  }, async () => {
    const path = join(folder, 'other.json');
    const other = { ...file, header: { ...file.header, adapterName: 'another adapter' } };
    writeFileSync(path, formatBenchFile(other));
    const { status, stderr } = await bench(...small, '--filter', 'softmax', '--baseline', path);
    expect(status).toBe(2);
    expect(stderr.trim().split('\n').at(-1)).toMatch(/^bench: --baseline .* another adapter/);
    // Nor is one that nothing can be told from.
    writeFileSync(path, formatBenchFile(file));
    const brief = await bench(
      '--rounds',
      '3',
      '--suite',
      'kernels',
      '--filter',
      'softmax',
      '--baseline',
      path,
    );
    expect(brief.status).toBe(2);
    expect(brief.stdout).toBe('');
    expect(brief.stderr.trim().split('\n').at(-1)).toMatch(/^bench: --baseline .* --rounds 3 are too few/);
  });

  test('slower than a baseline: exit status 1, and which row', { timeout: 240_000 }, async () => {
    // Intervals need more rounds than the other tests. On a busy machine samples this short span a factor of a hundred:
    // the baseline claims what no machine reaches.
    const kernels = ['--quick', '--rounds', '21', '--suite', 'kernels', '--filter', 'softmax'];
    const path = join(folder, 'once.json');
    const once = await bench(...kernels, '--json', path, '--out', join(folder, 'once'));
    expect(once.status, once.stderr).toBe(0);
    const then = parseBenchFile(readFileSync(path, 'utf8'));
    const groups = then.groups.map((group) => ({
      ...group,
      rows: group.rows.map((row) => ({
        ...row,
        samplesNs: row.samplesNs.map((ns) => ns && (group.suite === 'kernels' ? 1 : ns)),
      })),
    }));
    const faster = join(folder, 'faster.json');
    writeFileSync(faster, formatBenchFile({ ...then, groups }));
    const now = await bench(...kernels, '--baseline', faster, '--out', join(folder, 'again'));
    expect(now.status, now.stdout).toBe(1);
    expect(now.stdout).toMatch(/softmax-cross-entropy .*SLOWER/);
    expect(now.stderr).toContain('measuring them again');
  });

  test('--list says what would be measured, and measures nothing', { timeout: 120_000 }, async () => {
    const { status, stdout } = await bench('--list', '--suite', 'kernels', '--filter', 'softmax');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^kernels +softmax-cross-entropy M=100/m);
    expect(stdout).not.toContain('GFLOP/s');
  });

  test('on this GPU: a kernel is no faster than itself, and faster than twice its work', {
    timeout: 240_000,
  }, async () => {
    const session = await openBrowserSession(launchChrome, () => {});
    try {
      const { falseClaims, found } = await session.selfTest(12);
      // Each claims with a probability of at most 5 %: three of twelve in less than one run of fifty.
      expect(falseClaims).toBeLessThanOrEqual(2);
      expect(found).toBeGreaterThanOrEqual(11);
    } finally {
      await session.close();
    }
  });

  test('a page that crashes while it measures: the measurement ends and says so', {
    timeout: 120_000,
  }, async () => {
    let browser: Browser | undefined;
    const launch = async () => {
      browser = await launchChrome();
      return browser;
    };
    const session = await openBrowserSession(launch, () => {});
    try {
      const found = session.selfTest(1);
      const pages = await browser!.pages();
      pages
        .at(-1)!
        .goto('chrome://crash')
        .catch(() => {});
      await expect(found).rejects.toThrow('the page crashed (out of memory?)');
    } finally {
      await session.close();
    }
  });

  test.each([
    [['--suite', 'nothing'], /kernels, train, peers/],
    [['--variant', 'matmul=nothing'], /has no variant "nothing"/],
    [['--baseline', '/nowhere/results.json'], /no such file/],
    [['--rounds', '0'], /--rounds must be a whole number/],
  ])('%s: one line, exit status 2', async (args, message) => {
    const { status, stderr, stdout } = await bench(...args);
    expect(status).toBe(2);
    expect(stdout).toBe('');
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr).toMatch(message);
  });
});
