import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { productionBuild } from '../../../src/hosts/production-build.ts';

const root = mkdtempSync(join(tmpdir(), 'wgrad-build-'));
afterAll(() => rmSync(root, { recursive: true }));

writeFileSync(join(root, 'index.ts'), 'export const one: number = 1;\n');
const build = (outDir: string) =>
  productionBuild({
    root,
    build: {
      outDir,
      emptyOutDir: false,
      lib: { entry: join(root, 'index.ts'), formats: ['es'], fileName: () => 'index.js' },
    },
  });

test('a file that cannot be written is one line, with its path, and no stack of the bundler', async () => {
  const file = join(root, 'out', 'index.js');
  mkdirSync(file, { recursive: true });
  await expect(build(join(root, 'out'))).rejects.toMatchObject({
    name: 'FileWriteError',
    message: expect.stringMatching(/^cannot write .*index\.js: [^\n]+$/),
  });
});

test('a mistake in what is built stays what it is', async () => {
  writeFileSync(join(root, 'index.ts'), "export * from './missing.ts';\n");
  await expect(build(join(root, 'other'))).rejects.toThrow(/Could not resolve/);
});
