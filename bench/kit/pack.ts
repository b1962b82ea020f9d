// `npm run pack-bench`: one folder that measures another machine, with a bare Node and without a network.
import { copyFileSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeFolder } from '../../src/cli/folders/make-folder.ts';
import { codeHash, codeHashFile } from '../../src/cli/folders/provenance.ts';
import { writeWholeFolder } from '../../src/cli/folders/whole-folder.ts';
import { makeCommand, parse } from '../../src/cli/options/command.ts';
import { wholeNumber } from '../../src/cli/options/numbers.ts';
import { path } from '../../src/cli/options/paths.ts';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { prepareDataset } from '../../src/data/files/prepare.ts';
import { recordBytes } from '../../src/data/record-set.ts';
import { packageFolder } from '../../src/hosts/node/dawn.ts';
import { productionBuild } from '../../src/hosts/production-build.ts';
import { projectRoot, resolvePath } from '../../src/hosts/project-root.ts';
import { UserError } from '../../src/hosts/user-error.ts';
import { commitFile, currentCommit } from '../host.ts';

const RECORD_BYTES = recordBytes(cifar10);

/** Packages that the kit never loads. */
const leftOutPackages = /^(puppeteer|@puppeteer\/browsers|vite|vitest|chromium-bidi|lightningcss)(\/|$)/;

const megabyte = 1e6;

/** Fewer leave less than a batch to train on: 1,024 of air, and a fifth to test on. */
const leastImages = 1280;

/** Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const command = parse(
    makeCommand(
      'pack-bench',
      'Writes a folder that measures another machine: node run.mjs there says everything.',
    )
      .option('--out <dir>', 'the folder, which must not exist', path, 'wgrad-kit')
      .option(
        '--platform <name>',
        'platform of the other machine, such as linux-x64',
        `${process.platform}-${process.arch}`,
      )
      .option(
        '--images <n>',
        'images of CIFAR-10 to carry, 3 KB each; 0: made images',
        wholeNumber(0, 60_000),
        10_000,
      )
      .option('--data <dir>', 'folder with the six CIFAR-10 .bin files (default: downloaded once)', path),
    args,
  );
  if (command === undefined) return 0;
  const { out, platform, images, data } = command.opts<
    Record<'out' | 'platform' | 'data', string> & { images: number }
  >();
  const folder = resolvePath(out);
  if (existsSync(folder)) throw new UserError(`--out ${out} exists: name a new folder`);
  if (images > 0 && images < leastImages) {
    throw new UserError(
      `--images ${images}: a batch of the largest net is ${leastImages}; 0 leaves images out`,
    );
  }
  const webgpu = packageFolder();
  if (webgpu === undefined) {
    throw new UserError(
      'the kit carries the npm package webgpu: install it by "npm install --include=optional"',
    );
  }
  const builds = readdirSync(join(webgpu, 'dist'));
  const own = platform.replace(/^darwin-(x64|arm64)$/, 'darwin-universal');
  if (!builds.includes(own)) {
    throw new UserError(`--platform ${platform}: webgpu has no build for it, it has ${builds.join(', ')}`);
  }
  const native = join(webgpu, 'dist', own);
  await writeWholeFolder(folder, async (making) => {
    await buildCode(join(making, 'build', 'code'));
    copyDawn(webgpu, native, join(making, 'node_modules', 'webgpu'));
    if (images > 0) await writeImages(join(making, 'data'), images, data);
    writeFileSync(
      join(making, 'package.json'),
      `${JSON.stringify({ name: 'wgrad-kit', type: 'module', private: true }, null, 1)}\n`,
    );
    writeFileSync(join(making, commitFile), `${currentCommit() ?? ''}\n`);
    writeFileSync(join(making, codeHashFile), `${codeHash()}\n`);
    writeFileSync(join(making, 'run.mjs'), runner);
  });
  console.log(
    `${folder}: ${(sizeOf(folder) / megabyte).toFixed(1)} MB. There: node run.mjs (--help says more)`,
  );
  return 0;
}

/** Commands that the kit carries beside its own: those that compute, for --host node. */
const carried = ['train', 'experiments', 'gradcheck', 'search', 'trial', 'tune'] as const;

const runner = `// Measures this machine: node run.mjs. Needs Node 20.19 or newer and a Vulkan, Metal or D3D12 driver, nothing else.
// node run.mjs train --data FOLDER (the data set's files), and so on: the commands of the project (${carried.join(', ')}).
const [first = '', ...rest] = process.argv.slice(2);
const [name, args] = ${JSON.stringify(carried)}.includes(first) ? [first, rest] : ['kit', process.argv.slice(2)];
const place = name === 'kit' || args.includes('--host') ? [] : ['--host', 'node'];
const { runCommand } = await import('./build/code/run-command.mjs');
process.exit(await runCommand(name, () => import(\`./build/code/\${name}.mjs\`), [...place, ...args]));
`;

/** The commands' code in a few files, as src/cli/load-command.mjs builds them, but to lie anywhere. */
async function buildCode(outDir: string): Promise<void> {
  await productionBuild({
    root: projectRoot,
    ssr: { noExternal: true },
    plugins: [
      {
        name: 'wgrad:left-packages',
        enforce: 'pre',
        resolveId: (source) => (leftOutPackages.test(source) ? { id: source, external: true } : null),
      },
    ],
    build: {
      ssr: true,
      target: 'node20',
      outDir,
      minify: false,
      reportCompressedSize: false,
      rolldownOptions: {
        input: {
          kit: join(projectRoot, 'bench/kit/main.ts'),
          'run-command': join(projectRoot, 'src/cli/process/run-command.ts'),
          ...Object.fromEntries(
            carried.map((name) => [name, join(projectRoot, `src/cli/commands/${name}.ts`)]),
          ),
        },
        // All in one folder: src/hosts/project-root.ts counts three folders up.
        output: { format: 'es', entryFileNames: '[name].mjs', chunkFileNames: 'part-[hash].mjs' },
      },
    },
  });
}

function copyDawn(from: string, native: string, to: string): void {
  const files = ['package.json', 'index.js', 'LICENSE.md'].map(
    (name) => [join(from, name), join(to, name)] as const,
  );
  const place = join(to, native.slice(from.length));
  for (const name of readdirSync(native)) files.push([join(native, name), join(place, name)]);
  for (const [source, target] of files) {
    makeFolder(dirname(target));
    copyFileSync(source, target);
  }
}

/** The first records of the training files, then of the test file. */
async function writeImages(folder: string, count: number, dataDir: string | undefined): Promise<void> {
  const prepared = await prepareDataset({
    set: cifar10,
    dataDir: dataDir === undefined ? undefined : resolvePath(dataDir),
  });
  const parts: Uint8Array[] = [];
  let missing = count * RECORD_BYTES;
  for (const { name } of cifar10.files) {
    const part = readFileSync(join(prepared.directory, name)).subarray(0, missing);
    parts.push(part);
    missing -= part.length;
    if (missing === 0) break;
  }
  makeFolder(folder);
  writeFileSync(join(folder, 'images.bin'), Buffer.concat(parts));
}

function sizeOf(path: string): number {
  const about = statSync(path);
  if (!about.isDirectory()) return about.size;
  return readdirSync(path).reduce((total, name) => total + sizeOf(join(path, name)), 0);
}
