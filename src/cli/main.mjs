// Runs a command of the project: node src/cli/main.mjs train --steps 200
// Plain JavaScript, so that it works in a fresh clone: it installs the dependencies first, where they are missing or
// old, and then loads the command (load-command.mjs).
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../hosts/user-error.mjs';
import { commandNames, loadCommands } from './load-command.mjs';
import { provideDependencies } from './setup/dependencies.mjs';
import { checkProjectPath, provideHome, standingFolder } from './setup/place.mjs';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const [command = '', ...args] = process.argv.slice(2);
/** @param {string} line */
const log = (line) => console.error(line);

/** @type {Awaited<ReturnType<typeof loadCommands>>} */
let load;
try {
  await prepare();
  load = await loadCommands(root);
} catch (error) {
  if (!(error instanceof UserError)) throw error;
  log(commandNames.includes(command) ? `${command}: ${error.message}` : error.message);
  process.exit(2);
}
const { runCommand } = await load('run-command');
const status = await runCommand(command, () => load(command), args);
process.exit(status);

/** Everything that must be so before TypeScript can be loaded. */
async function prepare() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new UserError(`Node ${process.versions.node} is too old: install Node 20.19 or newer`);
  }
  if (!commandNames.includes(command)) {
    const all = commandNames.map((name) => `npm run ${name}`).join(', ');
    throw new UserError(`unknown command "${command}": use ${all}`);
  }
  checkProjectPath(root);
  const home = provideHome(process.env);
  if (home !== undefined && !args.some((arg) => arg === '-h' || arg === '--help')) {
    log(`there is no home folder: ${home} stands in for it`);
  }
  // Where the user stands: relative paths in options and in the environment are relative to it.
  process.chdir(standingFolder(command, root, process.env, workingFolder()));
  await provideDependencies(root, command, log);
}

function workingFolder() {
  try {
    return process.cwd();
  } catch {
    throw new UserError('the folder that you stand in is gone: change to another');
  }
}
