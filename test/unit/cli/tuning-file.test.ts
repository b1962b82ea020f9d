import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { addToTuningFile, readTuningFile } from '../../../src/cli/folders/tuning-file.ts';

let folder: string;
let cache: string;
let lines: string[];
const log = (line: string) => lines.push(line);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-tuning-'));
  cache = join(folder, 'cache');
  mkdirSync(join(folder, 'tmp'));
  vi.stubEnv('TMPDIR', join(folder, 'tmp'));
  lines = [];
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const op = { variant: 'naive', us: { naive: 1.5, tiled: 3 } };
const path = () => join(cache, 'tuning.json');
function keep(text: string): void {
  mkdirSync(cache, { recursive: true });
  writeFileSync(path(), text);
}

test('what is added is read', async () => {
  expect(readTuningFile(log, cache)).toEqual({});
  await addToTuningFile({ a: { one: op } }, log, cache);
  await addToTuningFile({ a: { two: op } }, log, cache);
  expect(readTuningFile(log, cache)).toEqual({ a: { one: op, two: op } });
  expect(lines).toEqual([]);
});

describe('what cannot be understood is one warning, and measured again:', () => {
  test.each([
    ['null', 'null', {}],
    ['a list', '[1]', {}],
    ['half a file', '{"a": {"one"', {}],
    ['nothing', '', {}],
    ['records that are null', JSON.stringify({ a: null, b: { one: op, two: null } }), { b: { one: op } }],
    ['another version', JSON.stringify({ version: 2, records: [op], a: { one: 'naive' } }), {}],
    ['times that are none', JSON.stringify({ a: { one: { variant: 'x', us: { x: 'fast' } } } }), {}],
    ['a choice without a time', JSON.stringify({ a: { one: { variant: 'x', us: {} } } }), {}],
  ])('%s', async (_, text, understood) => {
    keep(text);
    expect(readTuningFile(log, cache)).toEqual(understood);
    expect(lines).toEqual([
      expect.stringMatching(/^warning: .*tuning\.json cannot be used \(.+\): its kernel/),
    ]);
    await addToTuningFile({ a: { new: op } }, log, cache);
    expect(lines).toHaveLength(1);
    expect(JSON.parse(readFileSync(path(), 'utf8'))).toEqual({ ...understood, a: { new: op } });
  });
});

describe('a cache that cannot be used ends nothing:', () => {
  test('below a file', async () => {
    writeFileSync(join(folder, 'file'), '');
    const below = join(folder, 'file', 'wgrad');
    expect(readTuningFile(log, below)).toEqual({});
    await addToTuningFile({ a: { one: op } }, log, below);
    expect(readTuningFile(log, below)).toEqual({ a: { one: op } });
    expect(lines).toEqual([]); // Who prepares the data has said so.
  });

  test('a folder in the place of the file', async () => {
    mkdirSync(join(path(), 'x'), { recursive: true });
    expect(readTuningFile(log, cache)).toEqual({});
    await addToTuningFile({ a: { one: op } }, log, cache);
    expect(lines).toEqual([
      expect.stringContaining('cannot be used'),
      expect.stringContaining('warning: what was measured cannot be kept for the next time: '),
    ]);
  });

  test('nowhere to write at all', async () => {
    writeFileSync(join(folder, 'file'), '');
    vi.stubEnv('TMPDIR', join(folder, 'file', 'tmp'));
    const below = join(folder, 'file', 'wgrad');
    expect(readTuningFile(log, below)).toEqual({});
    await addToTuningFile({ a: { one: op } }, log, below);
    expect(lines).toEqual([expect.stringContaining('cannot be kept')]);
  });

  test('one that may only be read', async ({ skip }) => {
    skip(process.getuid?.() === 0, 'root may write everywhere');
    keep(JSON.stringify({ a: { one: op } }));
    chmodSync(cache, 0o555);
    await addToTuningFile({ a: { two: op } }, log, cache);
    expect(existsSync(path())).toBe(true);
    expect(readTuningFile(log, cache).a).toEqual({ one: op, two: op });
    chmodSync(cache, 0o755);
  });
});
