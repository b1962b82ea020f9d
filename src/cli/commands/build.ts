import { existsSync, readdirSync, statSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { datasetUrl, defaultDataset } from '../../data/datasets/index.ts';
import { prepareDataset } from '../../data/files/prepare.ts';
import { progressLines } from '../../data/files/progress-lines.ts';
import { writeStaticFiles } from '../../data/files/static-files.ts';
import { splitImages } from '../../data/record-set.ts';
import { base } from '../../experiments/experiments.ts';
import { buildPage } from '../../hosts/build-pages.ts';
import { projectRoot, resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import { makeFolder } from '../folders/make-folder.ts';
import { writeWholeFolder } from '../folders/whole-folder.ts';
import { makeCommand, parse } from '../options/command.ts';
import { path } from '../options/paths.ts';

interface BuildFlags {
  readonly out?: string;
  readonly withData?: boolean;
  readonly data?: string;
}

/** `npm run build`: the page as static files. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const command = makeCommand(
    'build',
    'Builds the page as static files that work under any path of any web server, without headers of its own.',
  )
    .option('--out <dir>', 'folder for the files, replaced as a whole (default: dist)', path)
    .option(
      '--with-data',
      'put the six CIFAR-10 files (184 MB) and what normalises them beside them; without it visitors choose the files themselves',
    )
    .option('--data <dir>', 'folder with the six CIFAR-10 .bin files (default: downloaded once)', path)
    .addHelpText(
      'after',
      `
Browsers offer WebGPU to pages from https:// and from this computer only.

Examples:
  npm run build                               dist/
  npm run build -- --with-data                and the data in dist${datasetUrl(defaultDataset)}
  npm run build -- --out site/wgrad`,
    );
  const parsed = parse(command, args);
  if (parsed === undefined) return 0;
  const flags = parsed.opts<BuildFlags>();
  const out = flags.out === undefined ? join(projectRoot, 'dist') : resolvePath(flags.out);
  if (flags.data !== undefined && !flags.withData) {
    throw new UserError('--data is for --with-data: without it the page has no data beside it');
  }
  refuseOtherFolder(out);
  const log = (line: string) => console.error(line);
  await writeWholeFolder(out, async (outDir) => {
    await buildPage({ page: 'index.html', outDir, minify: true, kernelsInWorkers: true });
    if (flags.withData) await addData(outDir, flags.data, log);
  });
  console.log(`${out}: ${await sizeText(out)}`);
  return 0;
}

/** @throws UserError for a folder that holds something else than an earlier build: it would be lost */
function refuseOtherFolder(out: string): void {
  if (!existsSync(out)) return;
  if (!statSync(out).isDirectory()) throw new UserError(`--out ${out} is a file, not a folder`);
  if (readdirSync(out).length === 0) return;
  if (existsSync(join(out, 'index.html')) && existsSync(join(out, 'assets'))) return;
  throw new UserError(`--out ${out} holds something else than an earlier build: name another folder`);
}

async function addData(out: string, dataDir: string | undefined, log: (line: string) => void): Promise<void> {
  const prepared = await prepareDataset({
    set: defaultDataset,
    dataDir: dataDir === undefined ? undefined : resolvePath(dataDir),
    onProgress: progressLines(log),
    onNotice: log,
  });
  const folder = join(out, datasetUrl(prepared.set));
  makeFolder(folder);
  // The page computes the normalisation itself; what loads the data by the library takes it from beside them.
  const training = splitImages(prepared.set, 'train');
  await writeStaticFiles(prepared, folder, [training - base.valSize, training]);
}

async function sizeText(folder: string): Promise<string> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) =>
    entry.isFile(),
  );
  const sizes = await Promise.all(
    files.map(async ({ parentPath, name }) => (await stat(join(parentPath, name))).size),
  );
  const megabytes = sizes.reduce((sum, size) => sum + size, 0) / 1e6;
  return `${files.length} files, ${megabytes.toFixed(1)} MB`;
}
