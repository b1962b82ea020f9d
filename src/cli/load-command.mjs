// Commands are TypeScript, and Node runs JavaScript: Vite builds all of them into one folder, once for each state of the sources.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { keptBuild, sourceHash } from '../hosts/build-cache.mjs';

/** The entry of each command, from the project's root. */
const entries = {
  train: 'src/cli/commands/train.ts',
  experiments: 'src/cli/commands/experiments.ts',
  gradcheck: 'src/cli/commands/gradcheck.ts',
  search: 'src/cli/commands/search.ts',
  trial: 'src/cli/commands/trial.ts',
  tune: 'src/cli/commands/tune.ts',
  start: 'src/cli/commands/start.ts',
  build: 'src/cli/commands/build.ts',
  'build-library': 'src/cli/commands/build-library.ts',
  bench: 'bench/main.ts',
  'pack-bench': 'bench/kit/pack.ts',
  test: 'src/cli/commands/test.ts',
};

/** What runs them. */
const runner = { 'run-command': 'src/cli/process/run-command.ts' };

/** Names of the commands. */
export const commandNames = Object.keys(entries);

/** Packages that stay as they are installed: large, seldom needed, and Vite looks for its own files. */
const external = /^(vite|vitest|chromium-bidi)(\/|$)/;

/**
 * Builds the commands where these sources were not built before. Returns what loads a module of them: `run-command`, or the command of
 * a name.
 *
 * @param {string} root the folder with package.json
 */
export async function loadCommands(root) {
  const key = sourceHash(root, ['src', 'shaders', 'bench', 'package.json', 'package-lock.json']);
  const folder = await keptBuild('commands', key, 'run-command.mjs', (outDir) => build(root, outDir));
  process.setSourceMapsEnabled(true);
  return (/** @type {string} */ name) => import(pathToFileURL(join(folder, `${name}.mjs`)).href);
}

/**
 * @param {string} root
 * @param {string} outDir
 */
async function build(root, outDir) {
  const { build: viteBuild } = await import('vite');
  const { NODE_ENV } = process.env;
  const inputs = Object.entries({ ...entries, ...runner });
  await viteBuild({
    root,
    configFile: false,
    logLevel: 'silent',
    ssr: { noExternal: true },
    plugins: [installedPackages(), ownAddresses(root)],
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      emptyOutDir: false,
      minify: false,
      sourcemap: true,
      reportCompressedSize: false,
      rolldownOptions: {
        input: Object.fromEntries(inputs.map(([name, path]) => [name, join(root, path)])),
        output: {
          format: 'es',
          entryFileNames: '[name].mjs',
          chunkFileNames: 'part-[hash].mjs',
          sourcemapExcludeSources: true,
        },
      },
    },
  });
  // Vite sets it, and what this process starts would inherit it.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
}

/**
 * What is not built is imported by its full address: the build does not lie beside `node_modules`.
 *
 * @returns {import('vite').Plugin}
 */
function installedPackages() {
  return {
    name: 'wgrad:installed-packages',
    enforce: 'pre',
    resolveId: (source) =>
      external.test(source) ? { id: import.meta.resolve(source), external: 'absolute' } : null,
  };
}

/**
 * `import.meta.url` of a source stays the address of the source.
 *
 * @param {string} root
 * @returns {import('vite').Plugin}
 */
function ownAddresses(root) {
  const sources = `${root.replaceAll('\\', '/')}/`;
  return {
    name: 'wgrad:own-addresses',
    transform(code, id) {
      if (!id.startsWith(sources) || id.includes('/node_modules/') || !code.includes('import.meta.url'))
        return;
      return code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href));
    },
  };
}
