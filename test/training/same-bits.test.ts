/** The old nets keep their bits: all that training changes, after 50 steps (more than two epochs), on the adapter and browser where it was recorded. */
import { describe, expect, test } from 'vitest';
import { adapterName } from '../../src/gpu/device.ts';
import { Trainer } from '../../src/train/trainer.ts';
import recorded from '../fixtures/recorded/same-bits.json';
import { sameRuns } from '../same-runs.ts';
import { sharedGpu } from './device.ts';
import { syntheticDataset } from './synthetic.ts';

const bitsOf: Readonly<Record<string, Readonly<Record<string, string>>>> = recorded;

const sha = async (values: Float32Array<ArrayBuffer>): Promise<string> => {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', values));
  return [...digest.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
};

// These differ from base in what follows training, or in what this adapter does anyway.
const { 'precise-bn': _, 'adaptive-bn': __, 'gather fused': ___, ...runs } = sameRuns;

describe('weights and moments after 50 steps are those of before', () => {
  test.each(Object.entries(runs))('%s', async (name, { settings, fuseGather }) => {
    const gpu = await sharedGpu();
    const { dataset } = syntheticDataset(gpu, 2400, 400);
    const trainer = await Trainer.make(
      gpu,
      dataset,
      { ...settings, steps: 50, valSize: 200 },
      { ...(fuseGather !== undefined && { fuseGather }) },
    );
    await trainer.train();
    const { arenas } = await trainer.checkpoint();
    const hashes = await Promise.all(
      Object.entries(arenas).map(async ([arena, values]) => `${arena} ${await sha(values)}`),
    );
    await trainer.destroy();
    dataset.destroy();
    const browser = /Chrome\/\d+/.exec(navigator.userAgent)?.[0] ?? navigator.userAgent;
    const known = bitsOf[`${adapterName(gpu.adapter)}, ${browser}`];
    if (known?.[name] === undefined) {
      console.warn(
        `same bits, ${adapterName(gpu.adapter)}, ${browser}: nothing is recorded, not compared: "${name}": "${hashes.join(', ')}"`,
      );
      return;
    }
    expect(hashes.join(', ')).toBe(known[name]);
  });
});
