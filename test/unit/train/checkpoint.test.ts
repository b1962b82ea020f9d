/** Checkpoints as files: nothing is lost, other files are refused. */

import { describe, expect, test } from 'vitest';
import { courseBatchNorm } from '../../../src/nn/net-spec.ts';
import {
  type Checkpoint,
  readCheckpoint,
  withReplicas,
  writeCheckpoint,
} from '../../../src/train/checkpoint.ts';
import { readSafetensors, writeSafetensors } from '../../../src/train/safetensors.ts';
import { fullyConnected } from '../../fully-connected.ts';

const checkpoint: Checkpoint = {
  settings: {
    net: fullyConnected({ inputs: 3072, hidden: [50, 50], classes: 10, batchNorm: courseBatchNorm }),
    init: { sigma: 0.01 },
    optimizer: { kind: 'adam', b1: 0.9, b2: 0.999, eps: 1e-8 },
    schedule: { kind: 'cyclical', min: 1e-5, max: 0.1, halfCycle: 2250, decay: 0.6 },
    steps: 9000,
    batchSize: 100,
    replicas: [{ seed: 2 ** 32 - 1, lambda: 0.005, rateScale: 1 / 3 }],
    valSize: 5000,
    shuffle: true,
    flip: false,
    cropPixels: 0,
    reportSteps: 100,
  },
  step: 4500,
  variants: { 'layers.0 wgrad': 'quad-8x28' },
  fused: true,
  oneWorkgroup: false,
  forced: { matmul: 'naive' },
  adapter: 'google "swiftshader"',
  arenas: {
    parameters: Float32Array.of(1, -0, 2 ** -149, 3.4028234663852886e38, 1 / 3),
    statistics: Float32Array.of(0, 1),
    mu: Float32Array.of(0.25),
    nu: new Float32Array(0),
  },
};

test('there and back, bit by bit', () => {
  const back = readCheckpoint(writeCheckpoint(checkpoint));
  expect(back).toEqual(checkpoint);
  expect(Object.keys(back.arenas)).toEqual(Object.keys(checkpoint.arenas));
});

test('some of its replicas bring along what of them is not reported', () => {
  const { settings } = checkpoint;
  const [replica] = settings.replicas;
  const three = {
    ...checkpoint,
    settings: { ...settings, replicas: [1, 2, 3].map((seed) => ({ ...replica!, seed })) },
    arenas: { parameters: Float32Array.of(1, 2, 3) },
    unreported: { steps: 4, lossSums: [1, null, 3], hits: [5, 6, 7] },
  };
  const two = withReplicas(three, [2, 1], 9000);
  expect(two.unreported).toEqual({ steps: 4, lossSums: [3, null], hits: [7, 6] });
  expect(two.settings.replicas.map(({ seed }) => seed)).toEqual([3, 2]);
  expect([...two.arenas.parameters!]).toEqual([3, 2]);
  expect(readCheckpoint(writeCheckpoint(two)).unreported).toEqual(two.unreported);
});

test('the same checkpoint is the same file', () => {
  expect(writeCheckpoint(checkpoint)).toEqual(writeCheckpoint(readCheckpoint(writeCheckpoint(checkpoint))));
});

test('the bits of a NaN', () => {
  const bits = Uint32Array.of(0x7fa00001, 0xffc12345);
  const arenas = { parameters: new Float32Array(bits.buffer) };
  const back = readCheckpoint(writeCheckpoint({ ...checkpoint, arenas }));
  expect(new Uint32Array(back.arenas.parameters!.buffer)).toEqual(bits);
});

test('one of an earlier version, without a hash, is read with a note', () => {
  const { tensors, metadata } = readSafetensors(writeCheckpoint(checkpoint));
  const { xxhash32, ...rest } = metadata;
  expect(xxhash32).toMatch(/^[0-9a-f]{8}$/);
  const earlier = writeSafetensors({ tensors, metadata: { ...rest, format: 'wgrad checkpoint 1' } });
  const notes: string[] = [];
  expect(readCheckpoint(earlier, (note) => notes.push(note))).toEqual(checkpoint);
  expect(notes).toEqual([
    'an earlier version wrote this checkpoint, without a hash, so damage cannot be told',
  ]);
  readCheckpoint(writeCheckpoint(checkpoint), (note) => notes.push(note));
  expect(notes.length).toBe(1);
});

describe('refusals', () => {
  test('a file of weights', () => {
    const weights = writeSafetensors({
      tensors: [{ name: 'layers.0.linear.bias', shape: [1], data: Float32Array.of(1) }],
      metadata: { format: 'pt' },
    });
    expect(() => readCheckpoint(weights)).toThrow('not a checkpoint of this version (wgrad checkpoint 2)');
  });

  test('a later version', () => {
    const { tensors, metadata } = readSafetensors(writeCheckpoint(checkpoint));
    const later = writeSafetensors({ tensors, metadata: { ...metadata, format: 'wgrad checkpoint 3' } });
    expect(() => readCheckpoint(later)).toThrow('not a checkpoint of this version (wgrad checkpoint 2)');
  });

  test('a file cut off, or without its run', () => {
    const file = writeCheckpoint(checkpoint);
    for (const length of [0, 100, file.length - 1]) {
      expect(() => readCheckpoint(file.subarray(0, length)), `${length} bytes`).toThrow();
    }
    const { tensors } = readSafetensors(file);
    const bare = writeSafetensors({ tensors, metadata: { format: 'wgrad checkpoint 1' } });
    expect(() => readCheckpoint(bare)).toThrow('what it says of its run is no JSON');
  });

  test('every flipped bit', () => {
    const file = writeCheckpoint(checkpoint);
    for (let bit = 0; bit < 8 * file.length; bit++) {
      const damaged = file.slice();
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      expect(() => readCheckpoint(damaged), `bit ${bit}`).toThrow(/^[^\n]+$/);
    }
  });

  test('an arena with a bit flipped: both hashes', () => {
    const file = writeCheckpoint(checkpoint);
    file[file.length - 1]! ^= 4;
    expect(() => readCheckpoint(file)).toThrow(/^its hash is [0-9a-f]{8}, it was written with [0-9a-f]{8}$/);
  });
});
