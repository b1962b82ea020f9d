import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { atExit } from '../../data/files/at-exit.ts';
import { formatOwner, isAlive, parseOwner, thisProcess } from '../process-owner.ts';
import { noTemporaryFolder, temporaryFolder } from '../temporary-folder.mjs';

const prefix = 'wgrad-chrome-';
/** An empty file in the folder, whose name goes on with the process that it belongs to. */
const ownerPrefix = 'owner.';
/** A socket's path has at most 104 bytes, and Chrome's in its temporary folder ends with 45 of its own. */
const longestTemporary = 104 - 45;

/** A folder for one browser, gone when that has ended or this process does. */
export interface ProfileFolder {
  /** Chrome's `--user-data-dir`. */
  readonly profile: string;
  /** Chrome's TMPDIR: a browser that is killed leaves a folder there, too. */
  readonly temporary: string;
  /** Kills the browser where it still runs when the folder is to go: what is written to cannot be removed. */
  readonly signal: AbortSignal;
  remove(): void;
}

/** Makes the folder, and removes those that killed processes have left. @throws UserError where it cannot be made */
export function makeProfileFolder(parent = tmpdir()): ProfileFolder {
  removeAbandoned(parent);
  const path = temporaryFolder(prefix, parent);
  const browser = new AbortController();
  const forget = atExit(() => remove());
  const remove = () => {
    forget();
    browser.abort();
    rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 20 });
  };
  const profile = join(path, 'profile');
  try {
    writeFileSync(join(path, `${ownerPrefix}${formatOwner(thisProcess())}`), '');
    mkdirSync(profile);
  } catch (error) {
    remove();
    throw noTemporaryFolder(parent, error);
  }
  return {
    profile,
    temporary: path.length <= longestTemporary ? path : parent,
    signal: browser.signal,
    remove,
  };
}

function removeAbandoned(parent: string): void {
  for (const name of namesIn(parent)) {
    if (!name.startsWith(prefix)) continue;
    const path = join(parent, name);
    try {
      const file = readdirSync(path).find((inside) => inside.startsWith(ownerPrefix));
      const owner = file && parseOwner(file.slice(ownerPrefix.length));
      if (owner && isAlive(owner) === false) rmSync(path, { recursive: true, force: true });
    } catch {
      // Another user's, or another process is just removing it.
    }
  }
}

/** None where the folder cannot be read: nothing is abandoned there that could be removed. */
function namesIn(parent: string): readonly string[] {
  try {
    return readdirSync(parent);
  } catch {
    return [];
  }
}
