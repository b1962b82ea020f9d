/** Fetches a package's tarball with the npm client, so that the user's registry, proxy and certificates are respected. */

import { spawn } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { atExit } from './at-exit.ts';

/** How often the download's progress is looked up. */
const POLL_MS = 500;

/**
 * Runs `npm pack SPEC` without installing anything or running any script of the package.
 *
 * @param spec exact package and version, e.g. `name@1.2.3`
 * @param destination existing empty folder for the tarball
 * @param onBytes told roughly how many bytes have arrived: npm says nothing, so the growth of its cache is watched
 * @returns path of the tarball
 * @throws Error with npm's reason in one line
 */
export async function npmPack(
  spec: string,
  destination: string,
  onBytes: (doneBytes: number) => void = () => {},
): Promise<string> {
  const poll = watchNpmCache(onBytes);
  try {
    await runNpm([
      'pack',
      spec,
      '--pack-destination',
      destination,
      '--ignore-scripts',
      '--loglevel=error',
      '--no-update-notifier',
      // Without a network npm would otherwise wait 70 s between its attempts.
      '--fetch-retry-mintimeout=2000',
      '--fetch-retry-maxtimeout=10000',
    ]);
  } finally {
    clearInterval(poll);
  }
  const tarball = (await readdir(destination)).find((name) => name.endsWith('.tgz'));
  if (!tarball) throw new Error(`npm pack ${spec} left no tarball`);
  return join(destination, tarball);
}

function runNpm(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    // Under `npm run` npm says where it is; elsewhere it is a command, on Windows a .cmd that needs the shell.
    const cli = process.env.npm_execpath;
    const npm =
      cli && basename(cli) === 'npm-cli.js'
        ? spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'pipe'] })
        : spawn('npm', args.map(quoteForShell), { stdio: ['ignore', 'ignore', 'pipe'], shell: isWindows });
    const forget = atExit(() => npm.kill());
    let stderr = '';
    npm.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    npm.on('error', (error) => reject(new Error(`npm could not be started: ${error.message}`)));
    npm.on('close', (code) => {
      forget();
      if (code === 0) resolve();
      else reject(new Error(npmReason(stderr) || `npm pack ended with exit status ${code}`));
    });
  });
}

const isWindows = process.platform === 'win32';

function quoteForShell(argument: string): string {
  return isWindows && /\s/.test(argument) ? `"${argument}"` : argument;
}

/** What npm's error lines say, without their prefix and without the advice that follows, in one line. */
export function npmReason(stderr: string): string {
  const lines = stderr.split('\n').flatMap((line) => /^npm (?:error|ERR!) (.*\S)/.exec(line)?.[1] ?? []);
  return lines
    .filter((line) => !/complete log of this run|^(?:code|syscall|errno) |^\d+\s*$|^\s+at /.test(line))
    .slice(0, 2)
    .join('; ');
}

/** Reports the size of what npm is writing into its cache; stays silent if the cache is elsewhere. */
function watchNpmCache(onBytes: (doneBytes: number) => void): NodeJS.Timeout {
  const startMs = Date.now();
  const standard = isWindows
    ? join(process.env.LOCALAPPDATA ?? homedir(), 'npm-cache')
    : join(homedir(), '.npm');
  const incoming = join(process.env.npm_config_cache ?? standard, '_cacache', 'tmp');
  let most = 0;
  return setInterval(async () => {
    for (const name of await readdir(incoming).catch(() => [])) {
      const file = await stat(join(incoming, name)).catch(() => undefined);
      if (file?.isFile() && file.birthtimeMs >= startMs && file.size > most) {
        most = file.size;
        onBytes(most);
      }
    }
  }, POLL_MS);
}
