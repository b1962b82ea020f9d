// A short training, and what its net takes an image for: in both hosts what the float64 reference says.
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { likeliest } from '../../src/cli/commands/predict.ts';
import { cifar10 } from '../../src/data/datasets/cifar10.ts';
import { normalisationBytes } from '../../src/data/files/normalisation-file.ts';
import { prepareDataset } from '../../src/data/files/prepare.ts';
import { parseNormalisation } from '../../src/data/normalisation.ts';
import { recordBytes, splitRecords } from '../../src/data/record-set.ts';
import { base, netSpec } from '../../src/experiments/experiments.ts';
import { dawnVersion } from '../../src/hosts/node/dawn.ts';
import type { NamedTensor } from '../../src/nn/parameters.ts';
import { netForward } from '../../src/reference/net.ts';
import { readSafetensors, writeSafetensors } from '../../src/train/safetensors.ts';
import { readWeights } from '../../src/train/weights-file.ts';
import { startCommand } from './command.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wgrad-predict-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test('what a trained net takes an image for', async () => {
  const run = join(folder, 'run');
  const trained = await startCommand('train', ['--steps', '20', '--no-tune', '--out', run]).outcome;
  expect(trained.status, trained.stderr).toBe(0);

  const prepared = await prepareDataset({ set: cifar10 });
  const file = await open(join(prepared.directory, 'test_batch.bin'));
  const { buffer } = await file.read(new Uint8Array(recordBytes(cifar10)));
  await file.close();
  const { images } = splitRecords(cifar10, buffer);
  const pixels = Uint8Array.from({ length: 3072 }, (_, i) => images[(i % 3) * 1024 + Math.floor(i / 3)]!);
  const png = join(folder, 'first.png');
  await writeFile(png, encode({ width: 32, height: 32, channels: 3, depth: 8, data: pixels }));

  const weights = join(run, 'weights.safetensors');
  const diverged = join(folder, 'diverged.safetensors');
  const { tensors, metadata } = readSafetensors(new Uint8Array(await readFile(weights)));
  const notFinite = ({ data }: NamedTensor) => data.map(() => Number.NaN);
  await writeFile(
    diverged,
    writeSafetensors({
      tensors: tensors.map((tensor) => ({ ...tensor, data: notFinite(tensor) })),
      metadata,
    }),
  );
  const state = readWeights(new Uint8Array(await readFile(weights))).map(
    (tensor) => [tensor.name, tensor] as const,
  );
  const { mean, std } = parseNormalisation(await normalisationBytes(prepared, 45_000), 3072);
  const x = Array.from(images, (byte, i) => (byte / 255 - mean[i]!) / std[i]!);
  const logits = netForward(netSpec(base), Object.fromEntries(state), x, 'evaluation');
  const expected = `${png}: ${likeliest(Array.from(logits), cifar10.classNames)}`;
  const classes = (line: string) => line.trim().replace(/ 0\.\d+/g, '');

  for (const host of dawnVersion() === '' ? ['chrome'] : ['chrome', 'node']) {
    const args = ['--init', weights, '--predict', png, '--host', host];
    const { status, stdout, stderr } = await startCommand('train', args).outcome;
    expect(status, stderr).toBe(0);
    expect(classes(stdout)).toBe(classes(expected));
    const shares = (line: string) => Array.from(line.matchAll(/ (0\.\d{4})/g), ([, share]) => Number(share));
    expect(shares(stdout)).toHaveLength(3);
    for (const [i, share] of shares(expected).entries()) expect(shares(stdout)[i]).toBeCloseTo(share, 3);

    const refused = await startCommand('train', args.with(1, diverged)).outcome;
    expect([refused.status, refused.stdout]).toEqual([2, '']);
    expect(refused.stderr.trim().split('\n').at(-1)).toBe(
      `train: --predict ${png}: the net's logits are not finite: its training diverged, take other weights`,
    );
  }
}, 300_000);
