// The engine as a package: packed as it would be published, installed into an empty project, type-checked, linted, built by Vite, run in Chrome.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import type { Browser } from 'puppeteer';
import { build } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { prepareDataset } from '../../src/data/files/prepare.ts';
import { dataMiddleware } from '../../src/data/files/serve.ts';
import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { readPageFiles } from '../../src/hosts/chrome/page-files.ts';
import { type LocalServer, servePage } from '../../src/hosts/chrome/page-server.ts';
import { projectRoot } from '../../src/hosts/project-root.ts';
import { lavapipeRefusal, lavapipeVariables } from '../lavapipe-driver.ts';
import { describeUnless } from '../left-out.ts';
import { startCommand } from './command.ts';

const run = promisify(execFile);
const npm = (args: readonly string[], cwd: string) =>
  run('npm', [...args, '--no-update-notifier'], { cwd, shell: process.platform === 'win32' });
const examples = ['spirals', 'images', 'cifar10'] as const;
const lines: Readonly<Record<(typeof examples)[number], RegExp>> = {
  spirals: /^test accuracy (0\.9[5-9]|1)/,
  images: /^classes of new images: 0 1 2 3 0 1 2 3$/,
  cifar10: /^test accuracy 0\.[2-4]\d\d, 0\.[2-4]\d\d, 0\.[2-4]\d\d$/,
};

let folder: string;
let project: string;
let installed: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgrad-library-'));
  const { stdout } = await npm(['pack', './library', '--pack-destination', folder, '--json'], projectRoot);
  const [{ filename }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  project = join(folder, 'project');
  installed = join(project, 'node_modules/wgrad');
  await mkdir(project);
  await writeFile(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
  await npm(['install', join(folder, filename), '--offline', '--no-audit', '--no-fund'], project);
  for (const name of examples) {
    await writeFile(
      join(project, `${name}.ts`),
      await readFile(join(projectRoot, `examples/${name}.ts`), 'utf8'),
    );
    const page = `<!doctype html><title>${name}</title><link rel="icon" href="data:," /><script type="module" src="/${name}.ts"></script>`;
    await writeFile(join(project, `${name}.html`), page);
  }
}, 300_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

test('the package has the version of the project, brings nothing with it, and no sources', async () => {
  const manifest = async (path: string) => JSON.parse(await readFile(join(path, 'package.json'), 'utf8'));
  const [own, root] = [await manifest(installed), await manifest(projectRoot)];
  expect(own.version).toBe(root.version);
  expect([own.private, own.dependencies, own.peerDependencies]).toEqual([undefined, undefined, undefined]);
  expect(await readdir(join(project, 'node_modules'))).toEqual(['.package-lock.json', 'wgrad']);
  const files = await readdir(installed, { recursive: true });
  const kinds = new Set(files.filter((name) => basename(name).includes('.')).map(kindOf));
  expect([...kinds].sort()).toEqual(['.d.ts', '.js', '.json', '.md']);
  expect(files).toContain('LICENSE');
});

const kindOf = (name: string): string =>
  name.endsWith('.d.ts') ? '.d.ts' : name.slice(name.lastIndexOf('.'));

test('publint has nothing to say', async () => {
  const { messages, pkg } = await publint({ pkgDir: installed, strict: true, pack: false });
  expect(messages.map((message) => formatMessage(message, pkg!))).toEqual([]);
});

test('an interrupted build leaves the one before it, and nothing beside it', async () => {
  const library = join(projectRoot, 'library');
  const before = await readdir(join(library, 'dist'), { recursive: true });
  const { child, outcome } = startCommand('build-library', []);
  const unfinished = `dist.${child.pid}.tmp`;
  const isThere = async () => (await readdir(library)).includes(unfinished);
  while (!(await isThere())) await delay(10);
  await delay(100); // The compiler has begun.
  child.kill('SIGTERM');
  expect((await outcome).status).toBe(143);
  await delay(2000); // A compiler that was left alone would have written by now.
  expect(await isThere()).toBe(false);
  expect(await readdir(join(library, 'dist'), { recursive: true })).toEqual(before);
});

describe('types', () => {
  const check = async (module: object, files: readonly string[]) => {
    const options = {
      ...{ target: 'es2022', lib: ['es2023', 'dom', 'dom.iterable'], types: [], noEmit: true },
      ...{ strict: true, exactOptionalPropertyTypes: true, skipLibCheck: false, ...module },
    };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files }));
    const tsc = join(projectRoot, 'node_modules/typescript/bin/tsc');
    return run(process.execPath, [tsc, '-p', project]).then(
      () => '',
      ({ stdout }: { stdout: string }) => stdout,
    );
  };
  const files = examples.map((name) => `${name}.ts`);

  test.each([
    { module: 'esnext', moduleResolution: 'bundler' },
    { module: 'nodenext', moduleResolution: 'nodenext' },
  ])('the examples fit the packed types, which are whole: $moduleResolution', async (module) => {
    expect(await check(module, files)).toBe('');
  });

  test('the examples of the README fit, too, with what they leave to the reader', async () => {
    const text = await readFile(join(installed, 'README.md'), 'utf8');
    const blocks = Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, block]) => block!);
    expect(blocks).toHaveLength(4);
    const given = `declare const rows: Float32Array, labels: Uint8Array<ArrayBuffer>;
declare const test: { rows: Float32Array; labels: Uint8Array<ArrayBuffer> };\n`;
    const names = blocks.map((_, i) => `readme-${i}.ts`);
    for (const [i, block] of blocks.entries()) await writeFile(join(project, names[i]!), given + block);
    await copyFile(
      join(projectRoot, 'src/hosts/node/webgpu-package.d.ts'),
      join(project, 'webgpu-package.d.ts'),
    );
    const module = { module: 'esnext', moduleResolution: 'bundler' };
    expect(await check(module, ['webgpu-package.d.ts', ...names])).toBe('');
  });

  test('a mistake is found', async () => {
    const text = "import { mlp } from 'wgrad';\nmlp({ input: { features: '2' }, hidden: [], classes: 2 });\n";
    await writeFile(join(project, 'wrong.ts'), text);
    const found = await check({ module: 'esnext', moduleResolution: 'bundler' }, ['wrong.ts']);
    expect(found).toContain("Type 'string' is not assignable to type 'number'");
  });
});

describe('in Chrome', () => {
  let browser: Browser;
  let server: LocalServer;

  beforeAll(async () => {
    const dist = join(folder, 'dist');
    await build({
      root: project,
      configFile: false,
      logLevel: 'error',
      build: {
        target: 'es2022',
        outDir: dist,
        modulePreload: false,
        reportCompressedSize: false,
        rolldownOptions: { input: examples.map((name) => join(project, `${name}.html`)) },
      },
    });
    const data = dataMiddleware(cifar10, () => prepareDataset({ set: cifar10 }));
    server = await servePage({ files: await readPageFiles(dist, 'index.html'), data });
    browser = await launchChrome({ log: (line) => console.error(line) });
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  test('a page takes at most 66 KB of JavaScript, compressed, shaders and all', async () => {
    const assets = join(folder, 'dist/assets');
    const names = (await readdir(assets)).filter((name) => name.endsWith('.js'));
    const scripts = await Promise.all(names.map((name) => readFile(join(assets, name))));
    const sizes = scripts.map((bytes) => gzipSync(bytes, { level: 9 }).length);
    expect(Math.max(...sizes)).toBeGreaterThan(20_000);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(66_000);
  });

  test.each(examples)(
    'the example %s, of fewer than 40 lines, does what it says',
    async (name) => {
      const text = await readFile(join(project, `${name}.ts`), 'utf8');
      expect(text.split('\n').length - 1).toBeLessThan(40);
      const page = await browser.newPage();
      const said: string[] = [];
      const done = new Promise<void>((resolve, reject) => {
        page.on('pageerror', (error) => reject(error));
        page.on('console', (message) => {
          said.push(message.text());
          if (message.type() === 'error') reject(new Error(message.text()));
          if (lines[name].test(message.text())) resolve();
        });
      });
      done.catch(() => {});
      await page.goto(`${server.origin}/${name}.html`);
      const late = setTimeout(() => void page.close(), 170_000);
      await Promise.race([done, page.waitForFunction(() => false, { timeout: 0 })]).catch((error: Error) => {
        throw new Error(`${error.message}; it said: ${said.join(' | ')}`);
      });
      clearTimeout(late);
      await page.close();
    },
    180_000,
  );
});

describeUnless(lavapipeRefusal(), 'in Node', () => {
  test('what the README says gives a device that lasts, also where memory is collected while it works', async () => {
    const text = await readFile(join(installed, 'README.md'), 'utf8');
    const blocks = Array.from(text.matchAll(/^```ts\n(.*?)^```/gms), ([, block]) => block!);
    const program = `${blocks.find((block) => block.includes("from 'webgpu'"))}
import { constant, floatDataset, mlp, Trainer, withDefaults } from 'wgrad';
const rows = Float32Array.from({ length: 400 }, (_, i) => Math.sin(i * i));
const split = { rows, labels: Uint8Array.from({ length: 200 }, (_, i) => Number(rows[2 * i] > 0)) };
const dataset = floatDataset(gpu, { features: 2, classes: 2, train: split, test: split });
const net = mlp({ input: { features: 2 }, hidden: [8], classes: 2 });
const settings = withDefaults({ net, steps: 400, schedule: constant(0.3), batchSize: 20, reportSteps: 10 });
const trainer = await Trainer.make(gpu, dataset, settings);
await trainer.train({ onReport: () => globalThis.gc() });
const [score] = await trainer.evaluate('test');
console.log(score.accuracy > 0.9 ? 'learned' : score);
gpu.device.destroy();
process.exit();
`;
    await writeFile(join(project, 'node.mjs'), program);
    await symlink(join(projectRoot, 'node_modules/webgpu'), join(project, 'node_modules/webgpu'), 'junction');
    const options = { cwd: project, env: { ...process.env, ...lavapipeVariables() } };
    const { stdout } = await run(process.execPath, ['--expose-gc', 'node.mjs'], options);
    expect(stdout).toBe('learned\n');
  }, 60_000);
});
