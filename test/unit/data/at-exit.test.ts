import { afterEach, beforeEach, expect, test, vi } from 'vitest';

let atExit: typeof import('../../../src/data/files/at-exit.ts').atExit;
let exit: () => void;
let before: NodeJS.ExitListener[];
beforeEach(async () => {
  vi.resetModules();
  before = process.listeners('exit');
  ({ atExit } = await import('../../../src/data/files/at-exit.ts'));
  exit = () => {
    for (const listener of added()) listener.call(process, 0);
  };
});
const added = () => process.listeners('exit').filter((listener) => !before.includes(listener));
afterEach(() => {
  for (const listener of added()) process.off('exit', listener);
});

test('the last one first, each once, and a failing one does not keep the others from running', () => {
  const ran: string[] = [];
  atExit(() => ran.push('lock'));
  atExit(() => {
    throw new Error('it is busy');
  });
  atExit(() => ran.push('browser'));
  exit();
  exit();
  expect(ran).toEqual(['browser', 'lock']);
});

test('what was cleaned up in time is left out', () => {
  const ran: string[] = [];
  const cleanup = () => ran.push('file');
  const forget = atExit(cleanup);
  atExit(cleanup);
  forget();
  exit();
  expect(ran).toEqual(['file']);
});
