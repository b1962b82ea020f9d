// Installs a browser where there is none.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { detectBrowserPlatform, install, resolveBuildId } from '@puppeteer/browsers';
import { writableFolder } from '../../data/files/private-folder.mjs';
import type { BrowserProgram } from './browser-program.ts';
import { installedBrowsers, puppeteerCache, standInName } from './candidates.ts';

type Log = (line: string) => void;

/** Path of the installed browser; undefined where it could not be had, which is logged. */
export async function installBrowser(program: BrowserProgram, log: Log): Promise<string | undefined> {
  return (await installWithApt(program, log)) ?? (await installWithPuppeteer(program, log));
}

/** Debian, as root: the distribution's own package. */
async function installWithApt(program: BrowserProgram, log: Log): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  const { title, debianPackage } = program;
  log(`no ${title} found: installing Debian package ${debianPackage} (apt-get)`);
  await run('apt-get', ['update', '-qq']);
  const status = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', debianPackage]);
  return status === 0 ? installedBrowsers(program)[0] : undefined;
}

/** Elsewhere: the build that puppeteer uses (Chrome for Testing), in puppeteer's cache. */
async function installWithPuppeteer(
  { title, puppeteerName: browser }: BrowserProgram,
  log: Log,
): Promise<string | undefined> {
  const platform = detectBrowserPlatform();
  if (platform === undefined) return undefined;
  try {
    const buildId = await resolveBuildId(browser, platform, 'stable');
    const cacheDir = writableFolder(puppeteerCache(), standInName).path;
    log(`no ${title} found: downloading ${title} ${buildId} into ${cacheDir}`);
    const installed = await install({ browser, buildId, cacheDir });
    return installed.executablePath;
  } catch (error) {
    log(`download of ${title} failed: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** Runs a command to its end; resolves to its exit status, or -1 where it cannot be started. */
function run(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ['ignore', 'ignore', 'ignore'],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
    child.on('error', () => resolve(-1));
    child.on('close', (code) => resolve(code ?? -1));
  });
}
