import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { detectBrowserPlatform } from '@puppeteer/browsers';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chrome } from '../../../../src/hosts/chrome/browser-program.ts';
import { cachedBrowsers, installedBrowsers, namedBrowser } from '../../../../src/hosts/chrome/candidates.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-candidates-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function program(...path: string[]): string {
  const whole = join(folder, ...path);
  mkdirSync(join(whole, '..'), { recursive: true });
  writeFileSync(whole, '#!/bin/sh\n');
  chmodSync(whole, 0o755);
  return whole;
}

describe('the named browser', () => {
  test('an empty name counts as none', () => {
    expect(namedBrowser(chrome, {})).toBeUndefined();
    expect(namedBrowser(chrome, { WGRAD_BROWSER: '', PUPPETEER_EXECUTABLE_PATH: '' })).toBeUndefined();
    const path = program('chrome');
    expect(namedBrowser(chrome, { WGRAD_BROWSER: '', PUPPETEER_EXECUTABLE_PATH: path })).toBe(path);
  });

  test('is a path, also a relative one, or a name on PATH', () => {
    const path = program('bin', 'my-chrome');
    expect(namedBrowser(chrome, { WGRAD_BROWSER: path })).toBe(path);
    expect(namedBrowser(chrome, { WGRAD_BROWSER: relative(process.cwd(), path) })).toBe(path);
    expect(namedBrowser(chrome, { WGRAD_BROWSER: 'my-chrome', PATH: join(folder, 'bin') })).toBe(path);
  });

  test('says what is wrong', () => {
    expect(() => namedBrowser(chrome, { WGRAD_BROWSER: join(folder, 'none') })).toThrow(
      /WGRAD_BROWSER does not exist/,
    );
    expect(() => namedBrowser(chrome, { WGRAD_BROWSER: folder })).toThrow(
      /is not a program that can be started/,
    );
    expect(() => namedBrowser(chrome, { PUPPETEER_EXECUTABLE_PATH: folder })).toThrow(
      /named by PUPPETEER_EXECUTABLE_PATH is not a program/,
    );
  });
});

test.skipIf(process.platform === 'win32')(
  'on PATH folders and what may not be started are passed over',
  () => {
    mkdirSync(join(folder, 'a', 'google-chrome'), { recursive: true });
    chmodSync(program('b', 'google-chrome'), 0o644);
    mkdirSync(join(folder, 'c'));
    symlinkSync(join(folder, 'nowhere'), join(folder, 'c', 'chromium'));
    const chromium = program('d', 'chromium');
    symlinkSync(chromium, join(folder, 'd', 'google-chrome-stable'));
    const PATH = ['a', 'b', 'c', 'd', 'none'].map((name) => join(folder, name)).join(':');
    expect(installedBrowsers(chrome, { PATH }, 'linux')).toEqual([join(folder, 'd', 'google-chrome-stable')]);
    expect(installedBrowsers(chrome, {}, 'linux')).toEqual([]);
  },
);

describe("puppeteer's cache", () => {
  test.skipIf(detectBrowserPlatform() !== 'linux')('gives the newest first', async () => {
    const versions = ['99.0.4844.51', '131.0.6778.204', '131.0.6778.85', '130.9.9999.9'];
    for (const version of versions) program('chrome', `linux-${version}`, 'chrome-linux64', 'chrome');
    mkdirSync(join(folder, 'chrome', 'linux-140.0.0.0')); // An interrupted download.
    program(
      'chrome-headless-shell',
      'linux-150.0.0.0',
      'chrome-headless-shell-linux64',
      'chrome-headless-shell',
    );
    expect((await cachedBrowsers(chrome, [folder])).map((path) => /linux-([\d.]+)/.exec(path)![1])).toEqual([
      '131.0.6778.204',
      '131.0.6778.85',
      '130.9.9999.9',
      '99.0.4844.51',
    ]);
  });

  test('may be missing, or no folder', async () => {
    expect(await cachedBrowsers(chrome, [join(folder, 'none')])).toEqual([]);
    expect(await cachedBrowsers(chrome, [program('file')])).toEqual([]);
  });
});
