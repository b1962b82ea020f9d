import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { makeProfileFolder } from '../../../src/hosts/chrome/profile-folder.ts';
import { formatOwner, thisProcess } from '../../../src/hosts/process-owner.ts';
import { UserError } from '../../../src/hosts/user-error.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  return {
    ...fs,
    writeFileSync(...args: Parameters<typeof fs.writeFileSync>) {
      if (disk.isFull)
        throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      fs.writeFileSync(...args);
    },
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-profile-'));
});
afterEach(() => {
  disk.isFull = false;
  rmSync(folder, { recursive: true });
});

test('is gone when it is removed, with what Chrome put in it, and Chrome is killed first', () => {
  const { profile, signal, remove } = makeProfileFolder(folder);
  writeFileSync(join(profile, 'Preferences'), '{}');
  let wasThere = false;
  signal.addEventListener('abort', () => {
    wasThere = existsSync(profile);
  });
  remove();
  expect(wasThere).toBe(true);
  expect(readdirSync(folder)).toEqual([]);
});

test('those of processes that died are removed, others are not', () => {
  const abandoned = (name: string, owner: ReturnType<typeof thisProcess>) => {
    const path = join(folder, `wgrad-chrome-${name}`);
    mkdirSync(join(path, 'profile'), { recursive: true });
    writeFileSync(join(path, `owner.${formatOwner(owner)}`), '');
    return path;
  };
  const dead = abandoned('dead', { ...thisProcess(), pid: 2 ** 22 + 1 });
  const alive = abandoned('alive', thisProcess());
  const elsewhere = abandoned('elsewhere', { host: 'elsewhere', pid: 1, started: '1' });
  const { profile } = makeProfileFolder(folder);
  expect([dead, alive, elsewhere, dirname(profile)].map((path) => existsSync(path))).toEqual([
    false,
    true,
    true,
    true,
  ]);
});

test('where none can be made: one line that names the place and what to do', () => {
  const nowhere = join(folder, 'nowhere');
  expect(() => makeProfileFolder(nowhere)).toThrow(
    new UserError(
      `temporary files cannot be written to ${nowhere} (ENOENT: no such file or directory): make room there, or set TMPDIR to another folder`,
    ),
  );
});

test('a disk that is full behind the folder: one line, and no folder is left', () => {
  disk.isFull = true;
  expect(() => makeProfileFolder(folder)).toThrow(
    new UserError(
      `temporary files cannot be written to ${folder} (ENOSPC: no space left on device): make room there, or set TMPDIR to another folder`,
    ),
  );
  expect(readdirSync(folder)).toEqual([]);
});
