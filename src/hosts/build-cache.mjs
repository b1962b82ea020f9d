// What is built from the project's sources (the commands for Node, the pages for a browser), kept in the user's cache folder
// under a hash of the sources. Plain JavaScript: main.mjs needs it before any TypeScript can run.
import { createHash, randomUUID } from 'node:crypto';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { isFullDisk } from '../data/files/full-disk.mjs';
import { makeMissingFolders } from '../data/files/missing-folders.mjs';
import { noTemporaryFolder, temporaryFolder } from './temporary-folder.mjs';

/** Builds of one name that are kept; those used least recently go. A process reads its build whole when it starts. */
const keptBuilds = 10;

/**
 * Hash of where the project lies, and of files and folders in it: names and contents.
 * @param {string} root the folder with package.json
 * @param {readonly string[]} paths relative to it
 * @returns {string}
 */
export function sourceHash(root, paths) {
  const hash = createHash('sha256').update(root);
  for (const file of paths.flatMap((path) => filesBelow(root, path))) {
    const content = readFileSync(join(root, file));
    hash.update(`\n${file}\n${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * @param {string} root
 * @param {string} path a file or a folder; `results` in it are no sources
 * @returns {string[]}
 */
function filesBelow(root, path) {
  if (!statSync(join(root, path)).isDirectory()) return [path];
  return readdirSync(join(root, path), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      if (entry.isDirectory())
        return entry.name === 'results' ? [] : filesBelow(root, join(path, entry.name));
      return entry.isFile() ? [join(path, entry.name)] : [];
    });
}

/**
 * The folder of a build: the kept one, or one that `make` fills now. Where the cache folder cannot be used or is full, it is a
 * temporary one, removed when the process ends.
 * @param {string} name such as `commands`
 * @param {string} key what the build depends on, as a hash
 * @param {string} entry a file without which it is no build
 * @param {(folder: string) => Promise<void>} make
 * @returns {Promise<string>}
 * @throws {import('./user-error.mjs').UserError} where there is no space for it anywhere
 */
export async function keptBuild(name, key, entry, make) {
  const cache = buildCacheFolder();
  const kept = cache === undefined ? undefined : join(cache, `${name}-${key}`);
  if (kept !== undefined && existsSync(kept)) {
    if (existsSync(join(kept, entry)) && isWhole(kept)) {
      touch(kept);
      return kept;
    }
    console.error(`${kept} is damaged: building it again`);
    try {
      rmSync(kept, { recursive: true, force: true });
    } catch {} // Of a cache that can only be read: nothing is kept there either.
  }
  const folder = cache === undefined ? undefined : emptyFolder(cache);
  if (folder !== undefined && kept !== undefined && cache !== undefined) {
    try {
      await madeIn(folder, async () => {
        await make(folder);
        writeFileSync(join(folder, listName), JSON.stringify(hashesBelow(folder)));
        keep(folder, kept, entry);
      });
      prune(cache, name);
      return kept;
    } catch (error) {
      if (!isFull(error)) throw error;
      console.error(`no space is left in ${cache}: what is built lasts as long as this command`);
    }
  }
  return temporaryBuild(make);
}

/**
 * A build that is gone when the process ends.
 *
 * @param {(folder: string) => Promise<void>} make
 */
async function temporaryBuild(make) {
  const folder = temporaryFolder('wgrad-build-');
  try {
    await madeIn(folder, () => make(folder));
  } catch (error) {
    throw isFull(error) ? noTemporaryFolder(tmpdir(), 'no space left on the device') : error;
  }
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Fills a folder, which is gone where that fails or the process ends before.
 *
 * @param {string} folder
 * @param {() => Promise<void>} fill
 */
async function madeIn(folder, fill) {
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    await fill();
  } catch (error) {
    remove();
    throw error;
  } finally {
    process.off('exit', remove);
  }
}

/**
 * Of a full disk the bundler tells in words alone.
 *
 * @param {unknown} error
 */
const isFull = (error) =>
  isFullDisk(error) ||
  (error instanceof Error && /no space left on device|quota exceeded/i.test(error.message));

/** What is in a build, by hash. */
const listName = '.files.json';

/**
 * @param {string} folder
 * @returns {Record<string, string>}
 */
function hashesBelow(folder) {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  // Maps are for stacks alone.
  const isPart = (/** @type {string} */ name) => name !== listName && !name.endsWith('.map');
  return Object.fromEntries(
    entries
      .filter((entry) => entry.isFile() && isPart(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [
        path.slice(folder.length + 1),
        createHash('sha256').update(readFileSync(path)).digest('hex'),
      ]),
  );
}

/**
 * Whether a build is as it was made: an old disk, a cleaner of caches or a full disk may have taken a part of it.
 *
 * @param {string} folder
 */
function isWhole(folder) {
  try {
    const list = JSON.parse(readFileSync(join(folder, listName), 'utf8'));
    const found = hashesBelow(folder);
    return Object.entries(list).every(([path, hash]) => found[path] === hash);
  } catch {
    return false;
  }
}

/**
 * Renames a build to its place, unless another process has put the same build there meanwhile.
 *
 * @param {string} folder
 * @param {string} place
 * @param {string} entry
 */
function keep(folder, place, entry) {
  try {
    renameSync(folder, place);
  } catch {
    if (!existsSync(join(place, entry))) {
      rmSync(place, { recursive: true, force: true }); // A part of a build: somebody has removed files.
      renameSync(folder, place);
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

/** `wgrad/builds` in the platform's cache folder; undefined where the user has no home, as in containers. */
function buildCacheFolder() {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = process.env;
  if (xdg && isAbsolute(xdg)) return join(xdg, 'wgrad', 'builds');
  let home;
  try {
    home = homedir();
  } catch {
    return undefined;
  }
  if (process.platform === 'darwin') return join(home, 'Library', 'Caches', 'wgrad', 'builds');
  if (process.platform === 'win32')
    return join(local || join(home, 'AppData', 'Local'), 'wgrad', 'cache', 'builds');
  return join(home, '.cache', 'wgrad', 'builds');
}

const making = '.making-';

/**
 * A new folder beside the kept builds, so that it can be renamed; undefined where it cannot be made.
 *
 * @param {string} cache
 */
function emptyFolder(cache) {
  const folder = join(cache, `${making}${randomUUID()}`);
  try {
    makeMissingFolders(folder);
    return folder;
  } catch {
    return undefined;
  }
}

/** @param {string} folder */
function touch(folder) {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {} // A cache that can only be read.
}

const dayMs = 86_400_000;

/**
 * Removes the builds of this name used least recently, and what processes that died have left.
 *
 * @param {string} cache
 * @param {string} name
 */
function prune(cache, name) {
  try {
    const ageMs = (/** @type {string} */ folder) => Date.now() - statSync(join(cache, folder)).mtimeMs;
    const folders = readdirSync(cache).map((folder) => ({ folder, ageMs: ageMs(folder) }));
    const builds = folders.filter(({ folder }) => folder.startsWith(`${name}-`));
    const stale = folders.filter(({ folder, ageMs }) => folder.startsWith(making) && ageMs > dayMs);
    const old = builds.sort((a, b) => a.ageMs - b.ageMs).slice(keptBuilds);
    for (const { folder } of [...old, ...stale])
      rmSync(join(cache, folder), { recursive: true, force: true });
  } catch {} // Another process may be clearing up, too.
}
