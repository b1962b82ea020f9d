import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chrome as program } from '../../src/hosts/chrome/browser-program.ts';
import { cachedBrowsers, installedBrowsers, namedBrowser } from '../../src/hosts/chrome/candidates.ts';
import { switches } from '../../src/hosts/chrome/launch.ts';
import { type Outcome, startCommand } from './command.ts';

// --browser-ws with a second Chrome of this machine, behind a connection that the test can cut.

let folder: string;
/** Where Chrome listens, and the path of its DevTools. */
let chrome: { readonly port: number; readonly path: string; end(): Promise<void> };
let line: { readonly url: string; cut(): void; close(): void };

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-remote-'));
  chrome = await startChrome();
  line = await openLine(chrome.port, chrome.path);
}, 120_000);
afterAll(async () => {
  line?.close();
  await chrome?.end();
  rmSync(folder, { recursive: true, force: true });
});

async function startChrome(): Promise<typeof chrome> {
  const profile = `--user-data-dir=${join(folder, 'profile')}`;
  const args = [...switches(), '--headless=new', '--remote-debugging-port=0', profile, 'about:blank'];
  const executable =
    namedBrowser(program) ?? [...installedBrowsers(program), ...(await cachedBrowsers(program))][0]!;
  const child = spawn(executable, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => (said += chunk));
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const listening = /DevTools listening on ws:\/\/127\.0\.0\.1:(\d+)(\S+)/;
  while (!listening.test(said)) {
    if (child.exitCode !== null) throw new Error(said);
    await sleep(50);
  }
  const [, port = '', path = ''] = listening.exec(said)!;
  const end = async () => {
    child.kill('SIGKILL');
    await ended;
  };
  return { port: Number(port), path, end };
}

/** A connection to a port, as a tunnel is one. */
async function openLine(port: number, path: string): Promise<typeof line> {
  const open = new Set<Socket>();
  const server: Server = createServer((near) => {
    const far = connect(port, '127.0.0.1');
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        open.delete(socket);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const own = (server.address() as { port: number }).port;
  const cut = () => {
    for (const socket of open) socket.destroy();
  };
  const close = () => {
    server.close();
    cut();
  };
  return { url: `ws://127.0.0.1:${own}${path}`, cut, close };
}

const start = (out: string, url = line.url) =>
  startCommand('train', [
    ...['--browser-ws', url, '--no-tune', '--out', join(folder, out)],
    ...['--hidden', '10', '--val-size', '49000', '--steps', '30'],
  ]);

/** As soon as something is kept. */
async function kept(out: string, { child, outcome }: ReturnType<typeof start>): Promise<void> {
  while (!existsSync(join(folder, out, 'checkpoint.safetensors'))) {
    if (child.exitCode !== null) throw new Error((await outcome).stderr);
    await sleep(20);
  }
}

const lostLines = ({ stderr }: Outcome) => stderr.split('\n').filter((text) => text.includes('is lost'));
const pagesOfChrome = async () => {
  const list = await fetch(`http://127.0.0.1:${chrome.port}/json/list`);
  return ((await list.json()) as { url: string }[]).filter(({ url }) => url.startsWith('http'));
};

test('cut once, it goes on by itself and ends with the same bits', { timeout: 900_000 }, async () => {
  const whole = await start('whole').outcome;
  expect(whole.status, whole.stderr).toBe(0);
  expect(lostLines(whole)).toEqual([]);
  const run = start('cut');
  await kept('cut', run);
  line.cut();
  const outcome = await run.outcome;
  expect(outcome.status, outcome.stderr).toBe(0);
  expect(lostLines(outcome)).toEqual([
    expect.stringMatching(/^the connection to ws:\S+ is lost: trying once more, from step [12]0$/),
  ]);
  const weights = (out: string) => readFileSync(join(folder, out, 'weights.safetensors'));
  expect(weights('cut').equals(weights('whole'))).toBe(true);
  // Neither its own pages nor those of the lost connection go on there.
  expect(await pagesOfChrome()).toEqual([]);
  const { sessions } = JSON.parse(readFileSync(join(folder, 'cut', 'summary.json'), 'utf8'));
  expect(sessions).toHaveLength(2);
});

test('cut for good: one line, and the last state is kept', { timeout: 400_000 }, async () => {
  const other = await openLine(chrome.port, chrome.path);
  const run = start('gone', other.url);
  await kept('gone', run);
  other.close();
  const outcome = await run.outcome;
  expect(outcome.status, outcome.stderr).toBe(2);
  expect(outcome.stderr.trim().split('\n').at(-1)).toMatch(
    /^train: the connection to ws:\S+ is lost \(no browser answers at .*\); the state of step [12]0 is kept$/,
  );
  expect(lostLines(outcome)).toHaveLength(2);
  expect(existsSync(join(folder, 'gone', 'checkpoint.safetensors'))).toBe(true);
});

test('no browser there, a port for nothing, no address: one line each', { timeout: 120_000 }, async () => {
  const wrong = [
    [['--browser-ws', 'ws://127.0.0.1:9/x'], /^train: no browser answers at ws:\/\/127\.0\.0\.1:9\/x: /],
    [['--browser-ws', '127.0.0.1:9222'], /^train: --browser-ws must be an address such as ws:/],
    [['--page-port', '8787'], /^train: --page-port is for --browser-ws/],
  ] as const;
  for (const [args, message] of wrong) {
    const out = join(folder, 'never');
    const { status, stderr, stdout } = await startCommand('train', [...args, '--out', out]).outcome;
    expect(stderr.trim()).toMatch(message);
    expect([status, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
  }
});
