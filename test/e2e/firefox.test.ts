// Firefox beside Chrome: another browser, another shader compiler (naga), another driver, the same training.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultDataset } from '../../src/data/datasets/index.ts';
import { startPageServer } from '../../src/hosts/chrome/page-server.ts';
import { launchFirefox } from '../../src/hosts/firefox/launch.ts';
import { firefoxRefusal } from '../firefox.ts';
import { describeUnless } from '../left-out.ts';
import { startCommand } from './command.ts';
import { keptRuns, openTab, textOf, waitForGpu, waitForRun } from './page-driver.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-firefox-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const start = (command: string, ...args: string[]) => startCommand(command, args);
const bytes = (...path: string[]) => readFileSync(join(folder, ...path));
const small = ['--hidden', '12', '--val-size', '500', '--no-tune', '--out'];
const losses = (run: string): number[] =>
  bytes(run, 'metrics.jsonl')
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter(({ type }) => type === 'train')
    .flatMap(({ loss }) => loss);

describeUnless(firefoxRefusal(), 'Firefox', () => {
  test('trains as Chrome does, to rounding', { timeout: 240_000 }, async () => {
    const run = ['--steps', '100', '--seeds', '2', ...small];
    const firefox = await start('train', '--browser', 'firefox', ...run, join(folder, 'firefox')).outcome;
    expect(firefox.status, firefox.stderr).toBe(0);
    const summary = JSON.parse(bytes('firefox', 'summary.json').toString());
    expect(summary.browser).toMatch(/^firefox\/\d+/i);
    const chrome = await start('train', ...run, join(folder, 'chrome')).outcome;
    expect(chrome.status, chrome.stderr).toBe(0);
    const [here, there] = [losses('firefox'), losses('chrome')];
    expect(here).toHaveLength(4);
    for (const [i, loss] of here.entries()) expect(Math.abs(loss / there[i]! - 1)).toBeLessThan(2e-5);
  });

  test('stops in order, and goes on with the bits of a run in a piece', { timeout: 240_000 }, async () => {
    const run = ['--browser', 'firefox', '--steps', '600', ...small];
    const stopped = start('train', ...run, join(folder, 'stopped'));
    let stderr = '';
    stopped.child.stderr?.on('data', (chunk) => {
      stderr += chunk;
      // Once: a second signal, half a second behind it, would end the command at once.
      if (!stopped.child.killed && /training \d+\/600/.test(stderr)) stopped.child.kill('SIGTERM');
    });
    const { status, stdout } = await stopped.outcome;
    expect(status, stderr).toBe(143);
    expect(stdout).toMatch(/stopped at step \d+ of 600; go on with: .* --host firefox/);
    expect(existsSync(join(folder, 'stopped', 'checkpoint.safetensors'))).toBe(true);

    const rest = await start('train', '--resume', join(folder, 'stopped'), '--host', 'firefox').outcome;
    expect(rest.status, rest.stderr).toBe(0);
    const whole = await start('train', ...run, join(folder, 'whole')).outcome;
    expect(whole.status, whole.stderr).toBe(0);
    const file = 'weights.safetensors';
    expect(bytes('stopped', file).equals(bytes('whole', file))).toBe(true);
  });

  test('times kernels', { timeout: 240_000 }, async () => {
    const json = join(folder, 'bench.json');
    const args = ['--suite', 'kernels', '--filter', 'bias-gradient M=100', '--rounds', '3', '--json', json];
    const bench = await start('bench', '--host', 'firefox', ...args, '--out', join(folder, 'bench')).outcome;
    expect(bench.status, bench.stderr).toBe(0);
    const { header } = JSON.parse(readFileSync(json, 'utf8'));
    expect(header.browser).toMatch(/^firefox\//i);
  });

  test('shows the page, which trains', { timeout: 240_000 }, async () => {
    const log = (line: string) => console.error(line);
    const server = await startPageServer({ dataset: defaultDataset, page: 'index.html', log });
    const browser = await launchFirefox({ log });
    try {
      const link = '#/train?v=1&e=base&hidden=12&val-size=500&steps=100';
      const { page, faults } = await openTab(browser, server.origin, link);
      await waitForGpu(page);
      await page.waitForSelector('.settings [data-act=train]:not([disabled])');
      await page.click('.settings [data-act=train]');
      expect(await waitForRun(page, ['finished', 'failed'])).toBe('finished');
      const [run] = await keptRuns(page);
      const { testAccuracy } = run!.perSeed[0]!;
      expect(testAccuracy).toBeGreaterThan(0.15);
      expect(await textOf(page, '#test-accuracy')).toBe(`${(100 * testAccuracy!).toFixed(1)} %`);
      expect(faults).toEqual([]);
    } finally {
      await browser.close();
      await server.close();
    }
  });
});
