// The page as `npm run build` writes it, on a server that knows nothing of it.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'puppeteer';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { startCommand } from './command.ts';
import { axeFindings, openTab, press, textOf, waitForGpu, waitForText } from './page-driver.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/** A name that is not this computer's: without HTTPS browsers do not trust it. */
const insecureHost = 'insecure.test';

let folder: string;
let built: string;
let browser: Browser;
let server: Server;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgrad-page-'));
  built = join(folder, 'dist');
  const { status, stdout, stderr } = await startCommand('build', ['--out', built]).outcome;
  expect(status, stderr).toBe(0);
  expect(stdout).toMatch(/dist: \d+ files, 0\.\d MB/);
  server = createServer(async (request, response) => {
    const path = (request.url ?? '').split(/[?#]/, 1)[0]!.replace(/^\/some\/where\//, '');
    const name = path === '' ? 'index.html' : path;
    try {
      const bytes = await readFile(join(built, name));
      response.setHeader('Content-Type', types[extname(name)] ?? 'application/octet-stream');
      response.end(bytes);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  browser = await launchChrome({
    log: (line) => console.error(line),
    args: [`--host-resolver-rules=MAP ${insecureHost} 127.0.0.1`],
  });
}, 180_000);

afterAll(async () => {
  await browser?.close();
  server?.close();
  await rm(folder, { recursive: true, force: true });
});

test('it works under a sub-path, asks nobody else, and without data says what to do', async () => {
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { page, faults } = await openTab(browser, `${origin}/some/where`);
  await waitForGpu(page);
  await waitForText(page, '#data-chip', /needed/);
  await page.waitForSelector('[data-act=download]');
  await press(page, '[data-act=download]');
  await waitForText(page, '.notices', /This server has no data[\s\S]*--with-data/);
  // Without a run, and without data, a visitor sees what a run looks like.
  await page.click('nav a[href="#/runs"]');
  await waitForText(page, '#example', /A recorded example, .* trained on .*SwiftShader.*, 20\d\d-/);
  expect(await page.$$eval('#view-runs [data-run]', (rows) => rows.length)).toBe(1);
  await waitForText(page, '#view-runs .u-legend', /Quick look/);
  expect(await axeFindings(page)).toEqual([]);
  for (const view of ['runs', 'kernels', 'gpu']) {
    await page.click(`nav a[href="#/${view}"]`);
    await page.waitForFunction(
      (id) => document.getElementById(id)!.textContent!.trim() !== '',
      {},
      `view-${view}`,
    );
  }
  expect(await textOf(page, '#verdict')).toMatch(/^This browser can train here: yes/);
  // The files that are not there, which the browser itself writes to the console.
  expect(faults.filter((fault) => !/404/.test(fault))).toEqual([]);
}, 120_000);

test('at an address that is not secure the page says what to do, and shows a recorded run', async () => {
  const origin = `http://${insecureHost}:${(server.address() as AddressInfo).port}`;
  const { page, faults } = await openTab(browser, `${origin}/some/where`);
  await waitForText(page, '#gpu-notice', /secure address[\s\S]*npm start/);
  await page.click('nav a[href="#/runs"]');
  await waitForText(page, '#example', /A recorded example/);
  await page.click('nav a[href="#/train"]');
  await waitForText(page, '#data-chip', /needed/);
  expect(await textOf(page, '.notices')).not.toMatch(/went wrong/);
  expect(faults).toEqual([]);
}, 60_000);

test('its sizes: what the Train view loads, first and with its charts, and the engine', async () => {
  const names = await readdir(join(built, 'assets'));
  const files = await Promise.all(
    names.map(async (name) => [name, await readFile(join(built, 'assets', name))] as const),
  );
  const sizes = files.map(([name, bytes]) => [name, gzipSync(bytes, { level: 9 }).length] as const);
  // Where else data sets can be fetched from is of no use to a page.
  for (const [name, bytes] of files) expect(bytes.includes('npm-png'), name).toBe(false);
  // Its worker alone compares hashes.
  const withHashes = files.filter(([, bytes]) => /[0-9a-f]{64}/.test(bytes.toString())).map(([name]) => name);
  expect(withHashes).toEqual([expect.stringMatching(/^worker-/)]);
  const lazy = /^(runs-view|quick-look|kernels-view|gpu-view|on-demand|tar-entries|save-file)-/;
  const charts = /^(live-charts|line-chart|uPlot)/i;
  const total = (wanted: (name: string) => boolean) =>
    sizes.reduce((sum, [name, size]) => sum + (wanted(name) ? size : 0), 0);
  const isEngine = (name: string) => name.startsWith('worker-');
  const isTrain = (name: string) => !isEngine(name) && !lazy.test(name);
  // What is there before anything trains; then the charts come, 24 KB of them uPlot.
  expect(total((name) => isTrain(name) && !charts.test(name))).toBeLessThan(41_500);
  expect(total(isTrain)).toBeLessThan(66_500);
  expect(total((name) => !lazy.test(name))).toBeLessThan(140_000);
});

test('a folder that holds something else is not replaced', async () => {
  const { status, stderr } = await startCommand('build', ['--out', folder]).outcome;
  expect(status).toBe(2);
  expect(stderr).toMatch(/holds something else than an earlier build/);
  expect(await readdir(built)).toContain('index.html');
});
