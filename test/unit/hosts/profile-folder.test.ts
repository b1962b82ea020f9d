import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeProfileFolder } from '../../../src/hosts/chrome/profile-folder.ts';
import { formatOwner, thisProcess } from '../../../src/hosts/process-owner.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-profile-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

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
