// Where the user stands, where the project does, and where home is.
import { realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute } from 'node:path';
import { privateFolder } from '../../data/files/private-folder.mjs';
import { UserError } from '../../hosts/user-error.mjs';

/**
 * Vite takes `#` and `?` in the path of a file for the beginning of a fragment or a query. (Node itself refuses `\`.)
 *
 * @param {string} root folder of the project
 * @throws {UserError} where nothing can be loaded from it
 */
export function checkProjectPath(root) {
  const character = /[#?]/.exec(root)?.[0];
  if (character === undefined) return;
  throw new UserError(
    `the project cannot run in a folder with "${character}" in its path: move or rename ${root}`,
  );
}

/**
 * The folder that relative paths are relative to. npm starts a script in the project's folder and says where it was called;
 * what it says is inherited by everything below it, so it counts only where npm started this very command.
 *
 * @param {string} command such as `train`
 * @param {string} root folder of the project
 * @param {NodeJS.ProcessEnv} env
 * @param {string} cwd
 */
export function standingFolder(command, root, env, cwd) {
  return env.INIT_CWD && startedByNpm(command, root, env) && real(cwd) === real(root) ? env.INIT_CWD : cwd;
}

/**
 * Whether npm, or a relative of it, runs this project's script of the command.
 *
 * @param {string} command
 * @param {string} root
 * @param {NodeJS.ProcessEnv} env
 */
export function startedByNpm(command, root, env) {
  if (env.npm_lifecycle_event !== command) return false;
  return env.npm_package_json === undefined || real(dirname(env.npm_package_json)) === real(root);
}

/** @param {string} path */
function real(path) {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

/**
 * Sees to it that there is a home folder, which libraries, npm and the browser count on: users of containers may have none.
 *
 * @param {NodeJS.ProcessEnv} env gets HOME
 * @param {() => string} [find] the home folder; throws where there is none
 * @returns {string | undefined} the folder that stands in for it
 * @throws {UserError} where none can be made
 */
export function provideHome(env, find = homedir) {
  try {
    if (isAbsolute(find())) return undefined;
  } catch {}
  try {
    env.HOME = privateFolder();
  } catch (error) {
    throw new UserError(`there is no home folder, and none can be made (${messageOf(error)}): set HOME`);
  }
  return env.HOME;
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : String(error));
