// Installs a Chrome where there is none.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Browser as BrowserName, detectBrowserPlatform, install, resolveBuildId } from '@puppeteer/browsers';
import { writableFolder } from '../../data/files/private-folder.mjs';
import { installedBrowsers, puppeteerCache, standInName } from './candidates.ts';

type Log = (line: string) => void;

/** Path of the installed browser; undefined where it could not be had, which is logged. */
export async function installChrome(log: Log): Promise<string | undefined> {
  return (await installWithApt(log)) ?? (await installWithPuppeteer(log));
}

/** Debian, as root: the distribution's own package. */
async function installWithApt(log: Log): Promise<string | undefined> {
  if (process.getuid?.() !== 0 || !existsSync('/etc/debian_version')) return undefined;
  log('no browser found: installing Debian package chromium (apt-get)');
  await run('apt-get', ['update', '-qq']);
  const status = await run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'chromium']);
  return status === 0 ? installedBrowsers()[0] : undefined;
}

/** Elsewhere: the Chrome for Testing build that puppeteer uses, in puppeteer's cache. */
async function installWithPuppeteer(log: Log): Promise<string | undefined> {
  const platform = detectBrowserPlatform();
  if (platform === undefined) return undefined;
  try {
    const buildId = await resolveBuildId(BrowserName.CHROME, platform, 'stable');
    const cacheDir = writableFolder(puppeteerCache(), standInName).path;
    log(`no browser found: downloading Chrome ${buildId} into ${cacheDir}`);
    const installed = await install({ browser: BrowserName.CHROME, buildId, cacheDir });
    return installed.executablePath;
  } catch (error) {
    log(`download of Chrome failed: ${error instanceof Error ? error.message : String(error)}`);
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
