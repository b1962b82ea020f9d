/** A trained net, used: rows against PyTorch, and what it refuses. Images: predictor-images.test.ts. */
import { expect, test } from 'vitest';
import { courseBatchNorm } from '../../src/nn/net-spec.ts';
import { Predictor } from '../../src/train/predictor.ts';
import { readSafetensors } from '../../src/train/safetensors.ts';
import { readWeights } from '../../src/train/weights-file.ts';
import text from '../fixtures/state-dicts/float32.safetensors?inline';
import { fullyConnected } from '../fully-connected.ts';
import { quickChoice, sharedGpu } from './device.ts';

const gpu = await sharedGpu();
const tools = { choose: quickChoice };
const net = fullyConnected({ inputs: 6, hidden: [5, 4], classes: 3, batchNorm: courseBatchNorm });

/** What PyTorch wrote: its weights, some samples and its logits of them (test/fixtures/state-dicts.py). */
const file = Uint8Array.from(atob(text.slice(text.indexOf(',') + 1)), (character) => character.charCodeAt(0));
const { x = '', logits = '' } = readSafetensors(file).metadata;
const samples = Float32Array.from((JSON.parse(x) as number[][]).flat());
const expected = (JSON.parse(logits) as number[][]).flat();

test('logits and classes of rows are those of PyTorch, in batches of any size', async () => {
  for (const batchSize of [1, 4, 100]) {
    const predictor = await Predictor.make(gpu, { ...tools, net, weights: readWeights(file), batchSize });
    const actual = await predictor.logits(samples);
    expect(actual).toHaveLength(expected.length);
    for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, 5);
    const largest = Array.from({ length: expected.length / 3 }, (_, i) => {
      const row = expected.slice(3 * i, 3 * i + 3);
      return row.indexOf(Math.max(...row));
    });
    expect(await predictor.classes(samples)).toEqual(largest);
    expect(await predictor.logits(new Float32Array(0))).toHaveLength(0);
    await predictor.destroy();
  }
});

test('what does not fit is refused in one line', async () => {
  const weights = readWeights(file);
  const make = (changes: object) => Predictor.make(gpu, { ...tools, net, weights, ...changes });
  await expect(make({ batchSize: 0 })).rejects.toThrow('batchSize: 0 is not from 1 to Infinity');
  await expect(make({ weights: weights.filter(({ name }) => !name.includes('running')) })).rejects.toThrow(
    'the weights lack the running statistic layers.0.bn.running_mean',
  );
  await expect(make({ weights: weights.slice(1) })).rejects.toThrow(/^the weights lack /);
  const small = { mean: new Float64Array(3), std: new Float64Array(3).fill(1) };
  await expect(make({ normalisation: small })).rejects.toThrow(
    'normalisation: 3 means and 3 deviations for 6 values',
  );
  const predictor = await make({});
  await expect(predictor.logits(new Float32Array(7))).rejects.toThrow('7 values are no whole samples of 6');
  await expect(predictor.logits(new Uint8Array(6))).rejects.toThrow(
    'rows: must be a Float32Array, got Uint8Array',
  );
  const withNaN = samples.slice();
  withNaN[7] = Number.NaN;
  await expect(predictor.classes(withNaN)).rejects.toThrow('rows: row 1 has a value of NaN');
  await predictor.destroy();
});

test('an array may be used again as soon as it was handed over', async () => {
  const predictor = await Predictor.make(gpu, { ...tools, net, weights: readWeights(file) });
  const alone = await predictor.logits(samples);
  const frame = samples.slice();
  const asked = [predictor.logits(samples), predictor.logits(frame)];
  frame.fill(5);
  expect((await Promise.all(asked))[1]).toEqual(alone);
  await predictor.destroy();
});
