import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { refuseFinished, refuseOccupied, refuseOthers } from '../../../src/cli/folders/occupied.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-occupied-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, text = '') => writeFileSync(join(folder, name), text);

describe('a new run', () => {
  test('takes a folder without results', () => {
    put('notes.txt');
    put('metrics.jsonl'); // Of a run that ended before there was anything to go on from.
    refuseOccupied(folder);
  });

  test('leaves a run to go on from alone', () => {
    put('checkpoint.safetensors');
    expect(() => refuseOccupied(folder)).toThrow(/holds another run: go on with it by --resume, or name/);
  });

  test('that goes on with another folder, too', () => {
    put('checkpoint.safetensors');
    expect(() => refuseOccupied(folder, true)).toThrow(/holds another run: name another folder$/);
  });

  test.each([
    'summary.json',
    'weights.safetensors',
    'weights.2.safetensors',
    'results.json',
    'result.json',
    'kit.json',
  ])('leaves results alone: %s', (name) => {
    put(name);
    expect(() => refuseOccupied(folder)).toThrow(`--out ${folder} holds results (${name}): name another`);
  });
});

test('a run that goes on where it began leaves the folder of a finished experiment alone', () => {
  put('checkpoint.safetensors');
  put('summary.json');
  refuseFinished(folder);
  put('result.json');
  expect(() => refuseFinished(folder)).toThrow(/result\.json\): go on in another folder, by --out$/);
});

describe('a search or a study', () => {
  const isOwn = ({ format }: { format?: string }) => format === 'wgrad search 1';

  test('goes on in its own folder', () => {
    refuseOthers(folder, isOwn);
    put('results.json', '{"format":"wgrad search 1"}');
    refuseOthers(folder, isOwn);
  });

  test.each([
    ['of a study', 'results.json', '{"format":"wgrad experiments 1"}'],
    ['of a benchmark', 'results.json', '{"format":"wgrad-bench"}'],
    ['of a run', 'summary.json', '{}'],
    ['to go on from', 'checkpoint.safetensors', ''],
  ])('leaves results %s alone', (_, name, text) => {
    put(name, text);
    expect(() => refuseOthers(folder, isOwn)).toThrow(/holds the results of another command: name another/);
  });
});
