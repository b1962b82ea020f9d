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

  test.each([
    [17, 33, 65],
    [100, 50, 256],
  ])('matmul M=%i N=%i K=%i', async (M, N, K) => {
    expectAgreement(await page.checkMatmul(M, N, K));
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
