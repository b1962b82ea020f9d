import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimFolder, claimNewFolder } from '../../../src/cli/folders/folder-lock.ts';
import { formatOwner, isAlive, parseOwner, thisProcess } from '../../../src/hosts/process-owner.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const lockOf = (owner: ReturnType<typeof thisProcess>) => join(folder, `.wgrad-lock-${formatOwner(owner)}`);
const locks = () => readdirSync(folder).filter((name) => name.startsWith('.wgrad-lock-'));

/** A process that runs for as long as this one does. */
const parent = () => {
  const owner = { ...thisProcess(), pid: process.ppid, started: '' };
  expect(isAlive(owner)).toBe(true);
  return owner;
};

describe('a claim of', () => {
  test('nobody: this process has it, as often as it asks', () => {
    claimFolder(folder);
    claimFolder(folder);
    expect(locks()).toEqual([basename(lockOf(thisProcess()))]);
  });

  test('a process that runs is respected, and named', () => {
    writeFileSync(lockOf(parent()), '');
    expect(() => claimFolder(folder)).toThrow(
      `${folder} is in use: process ${process.ppid} writes to it; wait for it or name another folder`,
    );
    expect(locks()).toEqual([basename(lockOf(parent()))]);
  });

  test('a process that died is taken over', () => {
    writeFileSync(lockOf({ ...thisProcess(), pid: 2 ** 22 + 1, started: '1' }), '');
    claimFolder(folder);
    expect(locks()).toEqual([basename(lockOf(thisProcess()))]);
  });

  test.runIf(process.platform === 'linux')('a process whose pid another one has now is taken over', () => {
    writeFileSync(lockOf({ ...parent(), started: '1' }), '');
    claimFolder(folder);
    expect(locks()).toEqual([basename(lockOf(thisProcess()))]);
  });

  test('another computer is respected while it is renewed, and taken over when it is not', () => {
    const path = lockOf({ host: 'elsewhere', pid: 1, started: '1' });
    writeFileSync(path, '');
    expect(() => claimFolder(folder)).toThrow(
      `process 1 on another computer (elsewhere) writes to it; wait for it, name another folder, or, where it has ended, delete ${path}`,
    );
    const past = new Date(Date.now() - 3_600_000);
    utimesSync(path, past, past);
    claimFolder(folder);
    expect(existsSync(path)).toBe(false);
  });
});

test('a refused claim leaves no folder behind', () => {
  mkdirSync(join(folder, 'used'));
  folder = join(folder, 'used');
  writeFileSync(lockOf(parent()), '');
  expect(() => claimFolder(folder)).toThrow(/in use/);
  expect(readdirSync(folder)).toHaveLength(1);
});

test('new folders of one name have numbers behind it', () => {
  const names = [1, 2, 3].map(() => basename(claimNewFolder(join(folder, 'runs', 'base'))));
  expect(names).toEqual(['base', 'base-2', 'base-3']);
});

describe('an owner', () => {
  test('is what was written', () => {
    const owner = thisProcess();
    expect(parseOwner(formatOwner(owner))).toEqual(owner);
    expect(parseOwner('a.b.c')).toBeUndefined();
  });

  test('that runs is alive, one that started at another time is not', () => {
    expect(isAlive(thisProcess())).toBe(true);
    expect(isAlive({ ...thisProcess(), host: 'elsewhere' })).toBeUndefined();
    if (process.platform === 'linux') expect(isAlive({ ...thisProcess(), started: '1' })).toBe(false);
  });
});
