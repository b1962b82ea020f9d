/** `npm run train -- --predict` without a host: the test answers in its place. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encode } from 'fast-png';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { likeliest } from '../../../src/cli/commands/predict.ts';
import { main } from '../../../src/cli/commands/train.ts';
import { randomStream } from '../../../src/data/random.ts';
import { base, netSpec } from '../../../src/experiments/experiments.ts';
import { UserError } from '../../../src/hosts/user-error.ts';
import { initialState } from '../../../src/nn/init.ts';
import { layOut } from '../../../src/nn/parameters.ts';
import type { PredictRequest } from '../../../src/train/messages.ts';
import { writeSafetensors } from '../../../src/train/safetensors.ts';
import { stateDict } from '../../../src/train/state.ts';

const host = vi.hoisted(() => ({ asked: [] as unknown[], closed: 0, likeliest: 2 }));
vi.mock('../../../src/hosts/open-host.ts', async (importOriginal) => ({
  ...(await importOriginal<object>()),
  openHost: async () => ({
    predict: async (request: PredictRequest) => {
      host.asked.push(request);
      return Array.from({ length: request.images.length / 3072 }, (_, i) =>
        Array.from({ length: 10 }, (_, c) => (c === i + 3 ? host.likeliest : 0)),
      );
    },
    close: async () => {
      host.closed++;
    },
  }),
}));

let folder: string;
let said: string[];
const at = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-predict-'));
  Object.assign(host, { asked: [], closed: 0, likeliest: 2 });
  said = [];
  vi.spyOn(console, 'log').mockImplementation((line) => said.push(line));
  const layout = layOut(netSpec(base));
  const state = initialState(layout, 'he', (layer) => randomStream(1, 'weights', layer));
  const tensors = stateDict(layout, { ...state }, 0, 1);
  const untrained = tensors.filter(({ name }) => !name.includes('running'));
  writeFileSync(at('w.safetensors'), writeSafetensors({ tensors, metadata: {} }));
  writeFileSync(at('untrained.safetensors'), writeSafetensors({ tensors: untrained, metadata: {} }));
  for (const [name, side] of [
    ['a.png', 32],
    ['b.png', 32],
    ['large.png', 33],
  ] as const) {
    const data = new Uint8Array(side * side * 3).fill(name === 'a.png' ? 10 : 20);
    writeFileSync(at(name), encode({ width: side, height: side, channels: 3, depth: 8, data }));
  }
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

test('a line for each image, with its three likeliest classes', async () => {
  const args = ['--init', at('w.safetensors'), '--val-size', '1000', '--predict', at('a.png'), at('b.png')];
  expect(await main(args)).toBe(0);
  expect(said).toEqual([
    `${at('a.png')}: cat 0.4509, airplane 0.0610, automobile 0.0610`,
    `${at('b.png')}: deer 0.4509, airplane 0.0610, automobile 0.0610`,
  ]);
  const [{ settings, images, weights }] = host.asked as [PredictRequest];
  expect(settings).toMatchObject({ valSize: 1000, net: netSpec(base) });
  expect([images[0], images[3072]]).toEqual([10, 20]);
  expect(weights.length).toBeGreaterThan(600_000);
  expect(host.closed).toBe(1);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])(
  'a net whose logit is %d takes an image for nothing',
  async (logit) => {
    host.likeliest = logit;
    const args = ['--init', at('w.safetensors'), '--predict', at('a.png')];
    await expect(main(args)).rejects.toThrow(
      new UserError(
        `--predict ${at('a.png')}: the net's logits are not finite: its training diverged, take other weights`,
      ),
    );
    expect([said, host.closed]).toEqual([[], 1]);
  },
);

test.each([
  [
    'no weights',
    () => ['--predict', at('a.png')],
    /^--predict needs the weights of a trained net: add --init/,
  ],
  [
    'weights without running statistics',
    () => ['--init', at('untrained.safetensors'), '--predict', at('a.png')],
    /^--init .*untrained\.safetensors: the weights lack the running statistic layers\.0\.bn\.running_mean, which --predict needs$/,
  ],
  [
    'weights of another net',
    () => ['--init', at('w.safetensors'), '--hidden', '30', '--predict', at('a.png')],
    /in the weights, 30 x 3072 in this net; --hidden, --bn or --net choose the net that weights are of$/,
  ],
  [
    'an image of another size',
    () => ['--init', at('w.safetensors'), '--predict', at('large.png')],
    /^--predict .*large\.png: it has 33 x 33 pixels, the net takes 32 x 32$/,
  ],
  [
    'no image',
    () => ['--init', at('w.safetensors'), '--predict', at('none.png')],
    /^--predict .*none\.png: there is no such file/,
  ],
] as const)('%s: one line, before anything is started', async (_, args, message) => {
  await expect(main(args())).rejects.toThrow(message);
  expect(host.asked).toEqual([]);
});

test('probabilities of logits of any size', () => {
  expect(likeliest([1000, 1000, -1000], ['a', 'b', 'c'])).toBe('a 0.5000, b 0.5000, c 0.0000');
  expect(likeliest([0], [])).toBe('class 0 1.0000');
});
