// Who uses node_modules, and who is installing it: small files in .wgrad/ of the project, named by process.
// A checkout that cannot be written to has no such files, and nothing can be installed into it either.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { uptime } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** @param {string} root */
const folderOf = (root) => join(root, '.wgrad');
/** @param {string} root */
const lockOf = (root) => join(folderOf(root), 'installing');

/**
 * Says that this process uses node_modules, until it ends.
 *
 * @param {string} root
 * @param {string} command
 * @returns {() => void} takes it back
 */
export function announceUse(root, command) {
  const path = join(folderOf(root), `${process.pid}.use`);
  const end = () => remove(path);
  try {
    mkdirSync(folderOf(root), { recursive: true });
    writeFileSync(path, command);
    process.once('exit', end);
  } catch {}
  return () => {
    process.off('exit', end);
    end();
  };
}

/**
 * Other processes that use node_modules. What processes that died have left is removed.
 *
 * @param {string} root
 * @returns {{ readonly pid: number, readonly command: string }[]}
 */
export function otherUses(root) {
  /** @type {string[]} */
  let names = [];
  try {
    names = readdirSync(folderOf(root));
  } catch {}
  return names.flatMap((name) => {
    const pid = Number(/^(\d+)\.use$/.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid) || pid === process.pid) return [];
    const path = join(folderOf(root), name);
    if (isAlive(pid, path)) return [{ pid, command: textOf(path) ?? '' }];
    remove(path);
    return [];
  });
}

/**
 * Whether another process is installing.
 *
 * @param {string} root
 */
export function isInstalling(root) {
  const path = lockOf(root);
  const text = textOf(path);
  if (text === undefined) return false;
  // Just made, and not yet written to.
  if (text === '') return ageMs(path) < 5000;
  return text.split(' ').some((pid) => Number(pid) !== process.pid && isAlive(Number(pid), path));
}

/** The lock of the installation, which one process holds at a time. */
export class InstallationLock {
  #path;
  #release = () => {
    // Another process may have taken it for the lock of a dead one.
    if (textOf(this.#path)?.split(' ')[0] === `${process.pid}`) remove(this.#path);
  };

  /** @param {string} path */
  constructor(path) {
    this.#path = path;
    process.once('exit', this.#release);
  }

  /**
   * @param {string} root
   * @returns {Promise<InstallationLock | undefined>} undefined where another process has it
   * @throws {Error} the file system's, where the project cannot be written to
   */
  static async take(root) {
    const path = lockOf(root);
    mkdirSync(folderOf(root), { recursive: true });
    if (isInstalling(root)) return undefined;
    remove(path);
    try {
      writeFileSync(path, `${process.pid}`, { flag: 'wx' });
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return undefined;
      throw error;
    }
    // Two processes may have removed the lock of a dead one, the second of them the first one's: the last one has it.
    await delay(100);
    return textOf(path) === `${process.pid}` ? new InstallationLock(path) : undefined;
  }

  /**
   * The process that does the work, which may outlive this one.
   *
   * @param {number | undefined} pid
   */
  addWorker(pid) {
    if (pid !== undefined) writeFileSync(this.#path, `${process.pid} ${pid}`);
  }

  release() {
    process.off('exit', this.#release);
    this.#release();
  }
}

/**
 * @param {number} pid
 * @param {string} path a file that the process wrote
 */
function isAlive(pid, path) {
  // Numbers are given anew after the computer was started again.
  if (!(pid > 0) || ageMs(path) > uptime() * 1000) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** @param {string} path */
function ageMs(path) {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/** @param {string} path */
function remove(path) {
  try {
    rmSync(path, { force: true });
  } catch {}
}
