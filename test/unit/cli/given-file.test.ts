import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readGivenFile, readGivenText } from '../../../src/cli/options/given-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'wgrad-given-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('a file that an option names, or one line of what is wrong with it', () => {
  const path = join(folder, 'a.txt');
  writeFileSync(path, 'größer');
  expect(readGivenText('--params', path)).toBe('größer');
  expect(readGivenFile('--params', path)).toEqual(new Uint8Array(Buffer.from('größer')));
  const missing = join(folder, 'b.txt');
  expect(() => readGivenFile('--init', missing)).toThrow(`--init ${missing}: there is no such file`);
  expect(() => readGivenFile('--init', join(path, 'c'))).toThrow(/: there is no such file$/);
  expect(() => readGivenFile('--init', folder)).toThrow(`--init ${folder}: that is a directory, not a file`);
});
