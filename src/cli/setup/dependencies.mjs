// Sees to it that node_modules is what package-lock.json says.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { UserError } from '../../hosts/user-error.mjs';
import { announceUse, InstallationLock, isInstalling, otherUses } from './in-use.mjs';
import { missingPackages } from './packages.mjs';

/** How long commands that have just begun, and will see that packages are missing, may take to say so. */
const patienceMs = 3000;

/** @typedef {(root: string, withDevelopment: boolean, lock: InstallationLock) => Promise<void>} Install */

/**
 * Installs the dependencies of a command where they are missing or old, once, however many commands start together; and
 * never under a command that is running.
 *
 * @param {string} root
 * @param {string} command
 * @param {(line: string) => void} log
 * @param {Install} [install]
 * @throws {UserError} where they cannot be installed
 */
export async function provideDependencies(root, command, log, install = npmCi) {
  const withDevelopment = ['bench', 'build-library', 'test'].includes(command);
  for (let waited = false; ; ) {
    // In this order: who installs takes the lock, and then looks who uses.
    const withdraw = announceUse(root, command);
    if (!isInstalling(root) && missingPackages(root, withDevelopment).length === 0) return;
    withdraw();
    const lock = await takeLock(root);
    if (lock !== undefined) {
      try {
        await installUnderLock(root, withDevelopment, lock, log, install);
      } finally {
        lock.release();
      }
    } else if (!waited) {
      log('waiting for another command, which is installing the dependencies');
      waited = true;
    }
    if (lock === undefined) await delay(300);
  }
}

/** @param {string} root */
async function takeLock(root) {
  try {
    return await InstallationLock.take(root);
  } catch (error) {
    throw new UserError(
      `dependencies are missing, and the project cannot be written to (${/** @type {Error} */ (error).message}): run npm ci in it where it can`,
    );
  }
}

/**
 * @param {string} root
 * @param {boolean} withDevelopment
 * @param {InstallationLock} lock
 * @param {(line: string) => void} log
 * @param {Install} install
 */
async function installUnderLock(root, withDevelopment, lock, log, install) {
  const before = missingPackages(root, withDevelopment);
  if (before.length === 0) return;
  const endMs = Date.now() + patienceMs;
  while (otherUses(root).length > 0 && Date.now() < endMs) await delay(100);
  const uses = otherUses(root).map(({ pid, command }) => `${command} (process ${pid})`);
  if (uses.length > 0) {
    throw new UserError(
      `dependencies must be installed (${before[0]} is missing or old), but ${uses.join(', ')} is running with those that are there: start again when it has ended`,
    );
  }
  log('installing dependencies (npm ci)');
  await install(root, withDevelopment, lock);
  const [still] = missingPackages(root, withDevelopment);
  if (still !== undefined) {
    throw new UserError(
      `npm ci left out ${still}: look at npm's configuration (npm config list), or run npm ci`,
    );
  }
}

/** What the npm that started this command was told, and the one that installs must not hear. */
const notInherited =
  /^npm_config_(workspaces?|include_workspace_root|local_prefix|global|location|omit|only|include|production|dry_run|package_lock|package_lock_only|json)$/i;

/** @type {Install} */
async function npmCi(root, withDevelopment, lock) {
  const args = [
    'ci',
    // The project's own lock file, also where it is a workspace of a folder above.
    '--no-workspaces',
    // Vite's native part is an optional package.
    '--include=optional',
    ...(withDevelopment ? ['--include=dev'] : []),
    ...['--no-audit', '--no-fund', '--loglevel=error'],
  ];
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !notInherited.test(name)));
  // Under npm run npm says where it is; elsewhere it is a command, on Windows one that needs the shell.
  const cli = process.env.npm_execpath;
  const isNpm = cli !== undefined && basename(cli) === 'npm-cli.js';
  const child = spawn(isNpm ? process.execPath : 'npm', isNpm ? [cli, ...args] : args, {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: !isNpm && process.platform === 'win32',
    env: { ...env, PUPPETEER_SKIP_DOWNLOAD: 'true' },
  });
  lock.addWorker(child.pid);
  // A signal ends npm, and this process once npm has ended: an installation goes on under no other.
  /** @type {NodeJS.Signals | undefined} */
  let ended;
  /** @param {NodeJS.Signals} signal */
  const end = (signal) => {
    ended = signal;
    child.kill(signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, end);
  const problem = await new Promise((resolve) => {
    child.on('error', (error) => resolve(`npm could not be started: ${error.message}`));
    child.on('close', (code) => resolve(code === 0 ? undefined : 'npm ci failed: see its message above'));
  });
  for (const signal of signals) process.off(signal, end);
  if (ended !== undefined) {
    lock.release();
    process.exit(128 + constants.signals[ended]);
  }
  if (problem !== undefined) throw new UserError(problem);
}
