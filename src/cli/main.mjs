// Runs a command of the project: node src/cli/main.mjs train --steps 200
// Plain JavaScript, so that it works in a fresh clone: it installs the dependencies first, where they are missing or
// old, and then loads the TypeScript command through Vite.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const commands = ['train', 'experiments', 'gradcheck', 'search', 'tune', 'start', 'bench', 'test'];

const [oldMajor, oldMinor] = process.versions.node.split('.').map(Number);
if (oldMajor < 20 || (oldMajor === 20 && oldMinor < 19)) {
  fail(`Node ${process.versions.node} is too old: install Node 20.19 or newer`);
}

const [command, ...args] = process.argv.slice(2);
if (!commands.includes(command)) {
  fail(`unknown command "${command ?? ''}": use ${commands.map((name) => `npm run ${name}`).join(', ')}`);
}
installDependencies();

process.chdir(root);
const { createServer } = await import('vite');
const loader = await createServer({
  root,
  configFile: false,
  appType: 'custom',
  logLevel: 'error',
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
const { runCommand } = await loader.ssrLoadModule('/src/cli/process/run-command.ts');
const path = command === 'bench' ? '/bench/main.ts' : `/src/cli/commands/${command}.ts`;
const status = await runCommand(command, () => loader.ssrLoadModule(path), args);
await loader.close();
process.exit(status);

function fail(message) {
  console.error(message);
  process.exit(2);
}

/** `npm ci` where node_modules is not what package-lock.json says. Takes milliseconds where it is. */
function installDependencies() {
  const wanted = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')).packages;
  const record = join(root, 'node_modules/.package-lock.json');
  const installed = existsSync(record) ? JSON.parse(readFileSync(record, 'utf8')).packages : {};
  const missing = Object.keys(wanted).some(
    (path) => path !== '' && !wanted[path].optional && installed[path]?.version !== wanted[path].version,
  );
  if (!missing) return;
  console.error('installing dependencies (npm ci)');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    shell: process.platform === 'win32',
    env: { ...process.env, PUPPETEER_SKIP_DOWNLOAD: 'true' },
  });
  if (npm.status !== 0) fail('npm ci failed: see its message above');
}
