// A folder that one process writes to at a time. Its claim is an empty file in it, whose name says which process that is.
import { mkdirSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { atExit } from '../../data/files/at-exit.ts';
import { FileWriteError } from '../../data/files/file-write-error.ts';
import {
  formatOwner,
  isAlive,
  type ProcessOwner,
  parseOwner,
  thisProcess,
} from '../../hosts/process-owner.ts';
import { UserError } from '../../hosts/user-error.ts';
import { makeFolder, removeEmpty } from './make-folder.ts';

const prefix = '.wgrad-lock-';
/** How often a claim's time is renewed, and after how long without that it is void where its process cannot be asked. */
const renewEveryMs = 60_000;
const voidAfterMs = 10 * renewEveryMs;
/** Two that claim at the same time see each other and step back; after a pause of random length one is first. */
const attempts = 4;
const longestPauseMs = 250;

/** Folders that this process has claimed. */
const claimed = new Set<string>();

/**
 * Makes the folder where it is missing, and keeps other processes from claiming it until this one ends. A claim whose process
 * has died is taken over. A folder that was made and is empty at the end is removed.
 * @throws UserError naming who writes to it; FileWriteError where it cannot be written to
 */
export function claimFolder(path: string, owner: ProcessOwner = thisProcess()): void {
  const folder = resolve(path);
  const own = join(folder, `${prefix}${formatOwner(owner)}`);
  const made = makeFolder(folder);
  for (let attempt = 1; ; attempt++) {
    try {
      writeFileSync(own, '');
    } catch (error) {
      const gone = (error as NodeJS.ErrnoException).code === 'ENOENT' && attempt < attempts;
      if (!gone) throw new FileWriteError(folder, error);
      makeFolder(folder); // The process that had made it has just removed it, empty.
      continue;
    }
    // Both write before they look: of two at the same time, one at least sees the other.
    const other = otherClaim(folder, own);
    if (other === undefined) break;
    rmSync(own, { force: true });
    if (attempt === attempts) {
      removeEmpty(folder, made);
      throw new UserError(inUse(folder, other));
    }
    pause(longestPauseMs * Math.random());
  }
  if (claimed.has(own)) return;
  claimed.add(own);
  const renewal = setInterval(() => renew(own), renewEveryMs);
  renewal.unref();
  atExit(() => {
    rmSync(own, { force: true });
    removeEmpty(folder, made);
  });
}

/** Ends the claim of a process that is known to be dead, where that is known sooner than from here. */
export function voidClaim(folder: string, owner: ProcessOwner): void {
  rmSync(join(resolve(folder), `${prefix}${formatOwner(owner)}`), { force: true });
}

/**
 * Claims a folder that did not exist: of this name, or with -2, -3 and so on behind it, where two begin in the same second.
 * Returns its path.
 */
export function claimNewFolder(path: string): string {
  makeFolder(dirname(path));
  for (let number = 1; ; number++) {
    const name = number === 1 ? path : `${path}-${number}`;
    try {
      mkdirSync(name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
      throw new FileWriteError(name, error);
    }
    atExit(() => removeEmpty(name, name));
    claimFolder(name);
    return name;
  }
}

interface Claim {
  readonly path: string;
  readonly owner: ProcessOwner;
}

/** Another process's claim that counts; those of dead ones are removed. */
function otherClaim(folder: string, own: string): Claim | undefined {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    const owner = name.startsWith(prefix) ? parseOwner(name.slice(prefix.length)) : undefined;
    if (owner === undefined || path === own) continue;
    if (isAlive(owner) ?? isRenewed(path)) return { path, owner };
    rmSync(path, { force: true });
  }
  return undefined;
}

function isRenewed(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && Date.now() - found.mtimeMs < voidAfterMs;
}

function renew(path: string): void {
  try {
    utimesSync(path, new Date(), new Date());
  } catch {
    // The folder was removed.
  }
}

function inUse(folder: string, { path, owner: { host, pid } }: Claim): string {
  const isHere = host === thisProcess().host;
  const who = isHere ? `process ${pid}` : `process ${pid} on another computer (${host})`;
  const what = isHere
    ? 'wait for it or name another folder'
    : `wait for it, name another folder, or, where it has ended, delete ${path}`;
  return `${folder} is in use: ${who} writes to it; ${what}`;
}

function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
