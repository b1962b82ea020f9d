/** `npm run build -- --with-data`: what is put beside the page, without building it and without the data. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { main } from '../../../src/cli/commands/build.ts';
import { cifar10 } from '../../../src/data/datasets/cifar10.ts';
import { writeStaticFiles } from '../../../src/data/files/static-files.ts';

vi.mock('../../../src/hosts/build-pages.ts', () => ({ buildPage: async () => {} }));
vi.mock('../../../src/data/files/prepare.ts', () => ({ prepareDataset: async () => ({ set: cifar10 }) }));
vi.mock('../../../src/data/files/static-files.ts', () => ({
  writeStaticFiles: vi.fn(async (_, folder: string) => expect(existsSync(folder)).toBe(true)),
}));

test('the data set lies where the library loads it from, normalised as examples/cifar10.ts and as whole', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wgrad-build-'));
  vi.spyOn(console, 'log').mockImplementation(() => {});
  expect(await main(['--with-data', '--out', join(folder, 'site')])).toBe(0);
  expect(writeStaticFiles).toHaveBeenCalledExactlyOnceWith(
    { set: cifar10 },
    expect.stringMatching(/data[\\/]cifar10[\\/]?$/),
    [45_000, 50_000],
  );
  expect(existsSync(join(folder, 'site/data/cifar10'))).toBe(true);
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});
