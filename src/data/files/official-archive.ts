/** Source: an official archive, a tar.gz that holds the files in one folder. */

import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { DataSource } from '../record-set.ts';
import { type DownloadOptions, downloadBytes } from './http-download.ts';
import type { DownloadSource, SourceTask } from './sources.ts';
import { unpack } from './unpack.ts';

/** The official archive: downloaded to disk, checked, and only then unpacked. */
export function officialArchive(
  { url, sha256, folder }: Extract<DataSource, { kind: 'archive' }>,
  options: DownloadOptions = {},
): DownloadSource {
  const name = 'official archive';

  async function obtain({ wanted, workDirectory, accept, onProgress }: SourceTask): Promise<void> {
    const archive = join(workDirectory, 'archive.tar.gz');
    const found = await download(archive, (doneBytes, totalBytes) => {
      onProgress({
        source: name,
        phase: 'download',
        doneBytes,
        ...(totalBytes === undefined ? {} : { totalBytes }),
      });
    });
    if (found !== sha256) throw new Error(`${url} has SHA-256 ${found} instead of ${sha256}`);
    const members = new Set(wanted.map((file) => `${folder}/${file.name}`));
    await unpack(archive, workDirectory, members);
    for (const file of wanted) await accept(file, join(workDirectory, file.name));
  }

  /** Writes the archive to `path`; returns its SHA-256. */
  async function download(path: string, onBytes: NonNullable<DownloadOptions['onBytes']>): Promise<string> {
    const hash = createHash('sha256');
    const file = await open(path, 'w');
    try {
      for await (const chunk of downloadBytes(url, { ...options, onBytes })) {
        hash.update(chunk);
        await file.appendFile(chunk);
      }
    } finally {
      await file.close();
    }
    return hash.digest('hex');
  }

  return { name, obtain };
}
