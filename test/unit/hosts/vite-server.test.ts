import { expect, test } from 'vitest';
import { createViteServer } from '../../../src/hosts/vite-server.ts';

test('Vite does not decide what a signal does, nor the end of standard input', async () => {
  const listeners = () => [process.listeners('SIGTERM').length, process.stdin.listeners('end').length];
  const before = listeners();
  const config = {
    configFile: false,
    logLevel: 'silent',
    server: { hmr: false, ws: false, watch: null },
  } as const;
  const servers = [await createViteServer(config), await createViteServer(config)];
  expect(listeners()).toEqual(before);
  for (const server of servers) await server.close();
  expect(listeners()).toEqual(before);
});
