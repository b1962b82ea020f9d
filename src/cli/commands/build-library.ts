import { spawn } from 'node:child_process';
import { copyFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { atExit } from '../../data/files/at-exit.ts';
import { bareShaders } from '../../hosts/bare-shaders.ts';
import { productionBuild } from '../../hosts/production-build.ts';
import { projectRoot } from '../../hosts/project-root.ts';
import { writeWholeFolder } from '../folders/whole-folder.ts';
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
  await writeWholeFolder(dist, async (outDir) => {
    // Both to their end: a failure of one must not remove the folder under the other.
    const parts = await Promise.allSettled([buildModule(outDir), emitTypes(join(outDir, 'types'))]);
    for (const part of parts) if (part.status === 'rejected') throw part.reason;
  });
  await copyFile(join(projectRoot, 'LICENSE'), join(folder, 'LICENSE'));
  // To standard error: npm pack prints its own result.
  console.error(`library/dist: ${(await readdir(dist, { recursive: true })).length} files`);
  return 0;
}

async function buildModule(outDir: string): Promise<void> {
  await productionBuild({
    root: projectRoot,
    plugins: [bareShaders()],
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: false,
      // Who uses it minifies; until then names in a stack say something.
      minify: false,
      reportCompressedSize: false,
      lib: { entry: join(projectRoot, 'src/index.ts'), formats: ['es'], fileName: 'index' },
    },
  });
}

/** Declarations by TypeScript, one per source file. */
async function emitTypes(outDir: string): Promise<void> {
  const compiler = join(projectRoot, 'node_modules/typescript/bin/tsc');
  // The compiler is a process that this one starts: a group of their own, which can be ended as a whole.
  const isGroup = process.platform !== 'win32';
  const args = [compiler, '-p', folder, '--outDir', outDir];
  const child = spawn(process.execPath, args, { stdio: 'inherit', detached: isGroup });
  const forget = atExit(() => {
    if (isGroup && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    else child.kill();
  });
  const status = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).finally(forget);
  if (status !== 0) throw new Error(`the compiler of the types ended with ${status}`);
  for (const name of await readdir(outDir, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue;
    const path = join(outDir, name);
    // A package's declarations import each other as JavaScript would.
    const text = (await readFile(path, 'utf8')).replace(/((?:from |import\()'\.[^']*)\.ts'/g, "$1.js'");
    await writeFile(path, text.replace(/((?:from |import\()"\.[^"]*)\.ts"/g, '$1.js"'));
  }
}
