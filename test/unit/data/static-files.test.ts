import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeStaticFiles } from '../../../src/data/files/static-files.ts';
import { loadNormalisation, streamImages } from '../../../src/data/load.ts';
import { computeNormalisation } from '../../../src/data/normalisation.ts';
import { writeRecordFiles } from './fake-archives.ts';
import { fakeSet } from './fake-records.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const directory = temporaryDirectory();

test('a folder of files has all that a data set is loaded from', async () => {
  const fake = fakeSet(4);
  await writeRecordFiles(directory.path, fake);
  const [cache, folder] = [join(directory.path, 'cache'), join(directory.path, 'site')];
  await mkdir(folder);
  const prepared = { directory: directory.path, source: 'directory', cache, set: fake.set };
  await writeStaticFiles(prepared, folder, [5, 8]);
  expect((await readdir(folder)).sort()).toEqual(
    [...fake.set.files.map(({ name }) => name), 'normalisation-5.f64', 'normalisation-8.f64'].sort(),
  );

  const fetch = async (url: string) => new Response(new Uint8Array(await readFile(url)));
  const images: Uint8Array[] = [];
  await streamImages(fake.set, { baseUrl: folder, fetch }, (split, _, piece) => {
    if (split === 'train') images.push(piece.slice());
  });
  for (const count of [5, 8]) {
    expect(await loadNormalisation(fake.set, { baseUrl: folder, fetch }, count)).toEqual(
      computeNormalisation(new Uint8Array(Buffer.concat(images)), count, 3072),
    );
  }
});
