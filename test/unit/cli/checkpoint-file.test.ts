import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { checkpointFile, findCheckpoint } from '../../../src/cli/folders/checkpoint-file.ts';
import { UserError } from '../../../src/hosts/user-error.ts';
import { mlp } from '../../../src/nn/net-spec.ts';
import { type Checkpoint, writeCheckpoint } from '../../../src/train/checkpoint.ts';
import { readSafetensors, writeSafetensors } from '../../../src/train/safetensors.ts';
import { temporaryDirectory } from '../data/temporary-directory.ts';

const directory = temporaryDirectory();
const arenas = { parameters: Float32Array.of(1, 2, 3), statistics: new Float32Array(0) };
const checkpoint = {
  settings: { net: mlp({ input: { features: 1 }, hidden: [], classes: 2, batchNorm: null }) },
  step: 3,
  variants: {},
  forced: {},
  adapter: '',
  arenas,
};
const file = writeCheckpoint(checkpoint as unknown as Checkpoint);

const write = (bytes: Uint8Array) => writeFileSync(join(directory.path, checkpointFile), bytes);

test('a flipped bit ends in one line', () => {
  const damaged = file.slice();
  damaged[file.length - 5]! ^= 1;
  write(damaged);
  expect(() => findCheckpoint(directory.path)).toThrow(UserError);
  expect(() => findCheckpoint(directory.path)).toThrow(
    /^\S+\/checkpoint\.safetensors is damaged: its hash is \w+, it was written with \w+; [^\n]+$/,
  );
});

test('one without a hash is read, and the user told once', () => {
  const { tensors, metadata } = readSafetensors(file);
  const { run = '' } = metadata;
  write(writeSafetensors({ tensors, metadata: { format: 'wgrad checkpoint 1', run } }));
  const told = vi.spyOn(console, 'error').mockImplementation(() => {});
  findCheckpoint(directory.path);
  findCheckpoint(directory.path);
  expect(told.mock.calls).toEqual([
    [expect.stringMatching(/^note: \S+: an earlier version wrote this checkpoint, without a hash/)],
  ]);
  told.mockRestore();
});

test('no checkpoint', () => {
  expect(() => findCheckpoint(directory.path)).toThrow(/there is no checkpoint\.safetensors in it$/);
});
