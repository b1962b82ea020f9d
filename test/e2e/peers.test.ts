/** The peers of the bench in headless Chrome: each one that is available computes the reference's step and products. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PeerOutcome } from '../../bench/peers/page.ts';
import { openPeersPage, type PeersPage } from '../../bench/peers/run.ts';

/** All of them, so that a page that loads none does not pass. */
const names = [
  'wgrad',
  'wgrad-gather',
  'jax-webgpu',
  'jax-wasm',
  'jax-wasm-sync',
  'tfjs-webgpu',
  'tfjs-wasm',
];

let page: PeersPage;
const lines: string[] = [];
beforeAll(async () => {
  page = await openPeersPage({ log: (line) => lines.push(line) });
});
afterAll(async () => {
  await page?.close();
});

function expectAgreement(outcomes: readonly PeerOutcome[]): void {
  expect(outcomes.map(({ name }) => name)).toEqual(names);
  const failed = outcomes.filter(({ ok }) => ok === false).map(({ name, text }) => `${name}: ${text}`);
  expect(failed).toEqual([]);
  expect(outcomes.filter(({ ok }) => ok).map(({ name }) => name)).toContain('wgrad');
  // Wasm runs wherever Chrome does.
  expect(outcomes.filter(({ ok }) => ok).length).toBeGreaterThanOrEqual(4);
}

describe('peers', () => {
  test('step of hidden=8,6 inputs=32 B=16', async () => {
    expectAgreement(await page.check({ hidden: [8, 6], inputs: 32, batchSize: 16 }, 2));
  });

  test('step of hidden=12 inputs=3072 B=8, with the gather', async () => {
    const outcomes = await page.check({ hidden: [12], batchSize: 8 }, 2);
    expectAgreement(outcomes);
    expect(outcomes.find(({ name }) => name === 'wgrad-gather')).toMatchObject({ ok: true });
  });

  test.each(['patch-8-6-8', 'vgg-4-8-8'])('step of %s B=8', async (name) => {
    const outcomes = await page.checkNet({ name, batchSize: 8 }, 2);
    const compared = outcomes.filter(({ ok }) => ok !== undefined);
    expect(compared.filter(({ ok }) => !ok).map((peer) => `${peer.name}: ${peer.text}`)).toEqual([]);
    expect(compared.map((peer) => peer.name)).toEqual([
      'wgrad',
      'jax-webgpu',
      'jax-wasm',
      'jax-wasm-sync',
      'tfjs-webgpu',
    ]);
    expect(outcomes.map(({ reason }) => reason).filter((reason) => reason !== undefined)).toEqual([
      'timed with the batch at hand alone',
      expect.stringMatching(/has no Conv2DBackpropFilter for wasm/),
    ]);
  });

  test.each([
    [17, 33, 65],
    [100, 50, 256],
  ])('matmul M=%i N=%i K=%i', async (M, N, K) => {
    expectAgreement(await page.checkMatmul(M, N, K));
  });

  test.each(['forward', 'wgrad', 'dgrad'] as const)('convolution, %s', async (pass) => {
    const outcomes = await page.checkConvOp({
      pass,
      batch: 3,
      image: 9,
      channels: 8,
      filters: 12,
      size: 3,
      stride: 2,
      padding: 1,
    });
    const refused = outcomes.filter(({ ok }) => ok === undefined).map(({ name }) => name);
    expect(refused).toEqual(pass === 'wgrad' ? ['wgrad-gather', 'tfjs-wasm'] : ['wgrad-gather']);
    expect(outcomes.filter(({ ok }) => ok === false)).toEqual([]);
  });

  test('threads for the Wasm backends, and nothing from the network', async () => {
    const outcomes = await page.check({ hidden: [4], inputs: 8, batchSize: 8 }, 1, ['jax-wasm', 'tfjs-wasm']);
    expect(outcomes.map(({ how }) => how)).toEqual([
      expect.stringMatching(/ threads$/),
      expect.stringMatching(/SIMD, \d+ threads?$/),
    ]);
    expect(page.strangers).toEqual([]);
    expect(lines).toEqual([]);
  });
});
