import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'puppeteer';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { BrowserNotStarted, lastWords, startBrowser } from '../../../../src/hosts/chrome/browser-process.ts';
import { chromeProcess } from '../../../../src/hosts/chrome/chrome-process.ts';
import { startChrome } from '../../../../src/hosts/chrome/launch.ts';
import { startFirst } from '../../../../src/hosts/chrome/start-any.ts';

const chrome = chromeProcess({ headless: true, args: [] });

let folder: string;
let profiles: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-launch-'));
  profiles = mkdtempSync(join(tmpdir(), 'wgrad-launch-profiles-'));
});
afterAll(() => {
  for (const path of [folder, profiles]) rmSync(path, { recursive: true, force: true });
});
afterEach(() => vi.unstubAllEnvs());

/** A program in the place of a browser. */
function fake(name: string, text: string, mode = 0o755): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

const libraries = 'error while loading shared libraries: libnss3.so: cannot open shared object file';

describe.skipIf(process.platform === 'win32')('a browser that does not start says why:', () => {
  test.each([
    ['in its own last words', `#!/bin/sh\necho 'first' >&2\necho '${libraries}' >&2\nexit 127\n`, libraries],
    ['with its exit status', '#!/bin/sh\nexit 3\n', 'it ended with exit status 3'],
    ['killed', '#!/bin/sh\nkill -9 $$\n', 'SIGKILL ended it'],
    ['an interpreter that is missing', '#!/nowhere/sh\r\n', /^spawn .* ENOENT$/],
    ['no program at all', '\x7fELF, but no more', /ENOEXEC|not found/],
    ['silence', '#!/bin/sh\nexec sleep 100\n', 'it did not answer within 1 s'],
  ])('%s', async (name, text, words) => {
    vi.stubEnv('TMPDIR', profiles);
    const patience = name === 'silence' ? { answerMs: 1000 } : {};
    const error = await startBrowser(fake(name, text), chrome, patience).catch((e) => e);
    expect(error).toBeInstanceOf(BrowserNotStarted);
    expect(error.message).toMatch(words);
    expect(readdirSync(profiles)).toEqual([]);
  });

  test('one that may not be started', async () => {
    // A folder with a browser's name, too: the system refuses both alike.
    const error = await startBrowser(folder, chrome).catch((e) => e);
    expect(error).toBeInstanceOf(BrowserNotStarted);
    expect(error.message).toMatch(/EACCES/);
  });

  test('the user gets one line, with the path and what to do', async () => {
    vi.stubEnv('WGRAD_BROWSER', fake('broken', `#!/bin/sh\necho '${libraries}' >&2\nexit 127\n`));
    await expect(startChrome()).rejects.toThrow(
      `${join(folder, 'broken')} does not start: ${libraries} (another browser can be named with WGRAD_BROWSER=/path/to/it)`,
    );
  });

  test('an ordinary user without a sandbox gets a browser without one', async () => {
    vi.stubEnv(
      'WGRAD_BROWSER',
      fake(
        'sandboxed',
        `#!/bin/sh
case " $* " in *" --no-sandbox "*) echo 'started without' >&2; exit 1;; esac
echo '[1:1:1125/1.2:FATAL:content/zygote_host_impl_linux.cc:128] No usable sandbox! If you are running on Ubuntu' >&2
exit 133
`,
      ),
    );
    const lines: string[] = [];
    const isRoot = process.getuid!() === 0;
    await expect(startChrome({ log: (line) => lines.push(line) })).rejects.toThrow('started without');
    expect(lines.length).toBe(isRoot ? 0 : 1);
  });
});

describe.skipIf(process.platform === 'win32')('a browser that is closed', () => {
  test.each([
    ['does not answer', () => new Promise<void>(() => {})],
    ['is not connected to any more', () => Promise.reject(new Error('Connection closed.'))],
    ['does not end', () => Promise.resolve()],
  ])('and %s is killed, and its folder is gone', async (_, close) => {
    vi.stubEnv('TMPDIR', profiles);
    let ended = false;
    const browser = await startBrowser(
      fake('stuck', '#!/bin/sh\nexec sleep 1000\n'),
      {
        args: () => [],
        pipe: false,
        async connect({ nodeProcess }) {
          nodeProcess.once('exit', () => {
            ended = true;
          });
          return { close } as Browser;
        },
      },
      { endMs: 100 },
    );
    await browser.close();
    expect(ended).toBe(true);
    expect(readdirSync(profiles)).toEqual([]);
  });
});

describe('of several browsers', () => {
  const browser = {} as Browser;

  test('the next one is tried where one does not start', async () => {
    const lines: string[] = [];
    const start = async (path: string) => {
      if (path !== '/c') throw new BrowserNotStarted(`no ${path}`);
      return browser;
    };
    const started = await startFirst(['/a', '/b', '/c', '/d'], {
      start,
      log: (line) => lines.push(line),
      variable: 'B',
    });
    expect(started).toEqual({ browser, path: '/c' });
    expect(lines).toEqual(['/a does not start: no /a; trying /b', '/b does not start: no /b; trying /c']);
  });

  test('all are named where none starts', async () => {
    const start = async (path: string) => {
      throw new BrowserNotStarted(`no ${path}`);
    };
    await expect(startFirst(['/a', '/b'], { start, log: () => {}, variable: 'B' })).rejects.toThrow(
      /^\/a does not start: no \/a; \/b does not start: no \/b \(another browser can be named with B=/,
    );
  });

  test('a mistake of ours is no browser that does not start', async () => {
    const start = () => Promise.reject(new TypeError('ours'));
    await expect(startFirst(['/a', '/b'], { start, log: () => {}, variable: 'B' })).rejects.toThrow(
      TypeError,
    );
  });
});

test('the last words are the reason, not the stack behind it', () => {
  expect(
    lastWords([
      '/usr/bin/chromium: 9: [: 25276510208: unexpected operator',
      '[20167:20204:1125/231947.485594:ERROR:dbus/bus.cc:405] Failed to connect to the bus',
      '[20167:20167:1125/231947.485594:FATAL:content/browser/zygote_host_impl_linux.cc:128] No usable sandbox! Update',
      '#0 0x55d0 base::debug::CollectStackTrace()',
      '  r8: 0000000000000000  r9: 00007ffd',
      'Received signal 6',
      '[end of stack trace]',
      '[20168:20168:1125/231947.5:ERROR:other.cc:1] after it',
    ]),
  ).toBe('No usable sandbox! Update');
  expect(lastWords(['a', 'Missing X server or $DISPLAY', ''])).toBe('Missing X server or $DISPLAY');
  expect(lastWords([])).toBeUndefined();
});
