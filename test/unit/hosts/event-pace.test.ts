import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test, vi } from 'vitest';

// The module patches a global once: each test has its own copy of both.
const immediate = globalThis.setImmediate;
afterEach(() => {
  globalThis.setImmediate = immediate;
});

/** Native code without a name, as an addon's callbacks are. */
const native = (callback: () => void): (() => void) => callback.bind(undefined);

async function paced() {
  vi.resetModules();
  const { paceDawnEvents } = await import('../../../src/hosts/node/event-pace.ts');
  paceDawnEvents();
}

test('callbacks of native code wait for the next timer, others do not', async () => {
  await paced();
  const order: string[] = [];
  await new Promise<void>((resolve) => {
    setImmediate(native(() => order.push('native')));
    setImmediate((word: string) => order.push(word), 'ours');
    setTimeout(resolve, 20);
  });
  expect(order).toEqual(['ours', 'native']);
});

test('what setImmediate returns is what clearImmediate takes', async () => {
  await paced();
  let ran = false;
  clearImmediate(
    setImmediate(() => {
      ran = true;
    }),
  );
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(ran).toBe(false);
});

test('what resolves a promise waits, too, so that nothing of this project is given to setImmediate but arrow functions', async () => {
  await paced();
  const order: string[] = [];
  const resolved = new Promise((resolve) => setImmediate(resolve)).then(() => order.push('resolver'));
  await new Promise<void>((resolve) => setImmediate(() => resolve())).then(() => order.push('arrow'));
  await resolved;
  expect(order).toEqual(['arrow', 'resolver']);

  const files = ['src', 'bench'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.m?ts$|\.mjs$/.test(path) && !path.endsWith('event-pace.ts'))
      .map((path) => join(folder, path)),
  );
  const calls = files.flatMap((path) => readFileSync(path, 'utf8').match(/.*\bsetImmediate\b.*/g) ?? []);
  expect(calls).not.toEqual([]);
  expect(calls.filter((line) => !/setImmediate\(\(\) =>/.test(line))).toEqual([]);
});
