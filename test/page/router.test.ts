/** Links that carry settings, and the way back to them. */
import { afterAll, expect, test } from 'vitest';
import { Router } from '../../src/page/router.ts';

const before = location.hash;
afterAll(() => {
  location.hash = before;
});

/** Goes there, and waits until the page has heard of it. */
async function arrive(go: () => void): Promise<void> {
  const arrived = new Promise((resolve) => window.addEventListener('hashchange', resolve, { once: true }));
  go();
  await arrived;
}

test('a link’s settings are told once: the way back to it changes the view alone', async () => {
  await arrive(() => {
    location.hash = '#/train?e=adam';
  });
  const router = new Router();
  const told: string[] = [];
  router.onQuery = (route, query) => told.push(`${route} ${query}`);
  router.start();
  expect(told).toEqual(['train e=adam']);
  await arrive(() => router.go('runs'));
  expect(router.route.value).toBe('runs');
  await arrive(() => history.back());
  expect(router.route.value).toBe('train');
  expect(told).toHaveLength(1);
  await arrive(() => {
    location.hash = '#/kernels?e=base&op=x';
  });
  expect(told).toEqual(['train e=adam', 'kernels e=base&op=x']);
});
