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
