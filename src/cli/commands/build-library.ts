import { spawn } from 'node:child_process';
import { copyFile, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bareShaders } from '../../hosts/bare-shaders.ts';
import { productionBuild } from '../../hosts/production-build.ts';
import { projectRoot } from '../../hosts/project-root.ts';
import { makeCommand, parse } from '../options/command.ts';

const folder = join(projectRoot, 'library');
const dist = join(folder, 'dist');

/** `npm run build-library`: what `npm pack ./library` packs. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const command = makeCommand(
    'build-library',
    'Builds the engine as a package of its own, library/dist: one module with its shaders in it, and types. npm pack ./library runs it.',
  );
  if (parse(command, args) === undefined) return 0;
  await rm(dist, { recursive: true, force: true });
  const [, status] = await Promise.all([buildModule(), emitTypes()]);
  if (status !== 0) return status;
  await copyFile(join(projectRoot, 'LICENSE'), join(folder, 'LICENSE'));
  // To standard error: npm pack prints its own result.
  console.error(`library/dist: ${(await readdir(dist, { recursive: true })).length} files`);
  return 0;
}

async function buildModule(): Promise<void> {
  await productionBuild({
    root: projectRoot,
    plugins: [bareShaders()],
    build: {
      target: 'es2022',
      outDir: dist,
      emptyOutDir: false,
      // Who uses it minifies; until then names in a stack say something.
      minify: false,
      reportCompressedSize: false,
      lib: { entry: join(projectRoot, 'src/index.ts'), formats: ['es'], fileName: 'index' },
    },
  });
}

/** Declarations by TypeScript, one per source file. Returns its exit status. */
async function emitTypes(): Promise<number> {
  const outDir = join(dist, 'types');
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
  const child = spawn(process.execPath, [compiler, '-p', folder, '--outDir', outDir], { stdio: 'inherit' });
  const status = await new Promise<number>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve(code ?? 1));
  });
  if (status !== 0) return status;
  for (const name of await readdir(outDir, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(outDir, name);
    // A package's declarations import each other as JavaScript would.
    const text = (await readFile(path, 'utf8')).replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'");
    await writeFile(path, text.replace(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
  return 0;
}
