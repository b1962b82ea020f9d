import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lease, LeaseLost, leaseHolder } from '../../../src/cli/folders/lease.ts';
import { thisProcess } from '../../../src/hosts/process-owner.ts';

let folder: string;
let said: string[];
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'wgrad-lease-')), 'job');
  said = [];
});
afterEach(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const times = { heartbeatMs: 40, deadMs: 600 };
const log = (line: string) => said.push(line);
/** A process of another machine: whether it lives can be seen by its heart alone. */
const elsewhere = (pid: number) => ({ host: 'elsewhere', pid, started: '1' });
const acquire = (owner = thisProcess()) => Lease.acquire(folder, { times, log, owner });
const files = () => readdirSync(folder).filter((name) => name.startsWith('lease.'));
/** As if the owner had not been heard of for so long. */
const silence = (ms: number) => {
  const then = new Date(Date.now() - ms);
  for (const name of files()) utimesSync(join(folder, name), then, then);
};

test('one process has it; after its end the next one does', async () => {
  const first = await acquire();
  await expect(acquire()).rejects.toThrow(`${folder} is being trained by process ${process.pid} on `);
  first.check();
  first.release();
  expect(leaseHolder(folder)).toBeUndefined();
  (await acquire()).release();
  expect(said).toEqual([]);
});

test('a process of another machine whose heart beats keeps it', async () => {
  const first = await acquire(elsewhere(7));
  await expect(acquire(elsewhere(8))).rejects.toThrow(/is being trained by process 7 on .*: leave it to it/);
  expect(said).toEqual([
    expect.stringMatching(/^waiting for a heartbeat of process 7 on .*, for 1 s at most$/),
  ]);
  first.check();
  first.release();
});

test('one whose heart stopped loses it, and notices', async () => {
  const first = await acquire(elsewhere(7));
  silence(5000);
  const second = await acquire(elsewhere(8));
  expect(said).toEqual([expect.stringMatching(/^taking over from process 7 on .*: no heartbeat for 5 s$/)]);
  expect(() => first.check()).toThrow(LeaseLost);
  expect(() => first.check()).toThrow(/was taken over by process 8 on /);
  // Its heart beats again, too late; nor does its end take anything from the new owner.
  await sleep(3 * times.heartbeatMs);
  first.release();
  second.check();
  expect(files()).toEqual(['lease.2.json']);
  second.release();
});

test('a dead process of this machine is followed at once', async () => {
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  const first = await acquire({ ...thisProcess(), pid, started: '' });
  const before = Date.now();
  const second = await acquire();
  expect(Date.now() - before).toBeLessThan(times.deadMs);
  second.check();
  first.release();
  second.release();
});

test('a lease that nobody can read counts by its date', async () => {
  (await acquire(elsewhere(7))).release();
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'lease.1.json'), '');
  const lease = await acquire();
  expect(said).toEqual([
    expect.stringMatching(/^waiting for a heartbeat of an unknown process, /),
    expect.stringMatching(/^taking over from an unknown process: no heartbeat for 1 s$/),
  ]);
  lease.release();
});

test('of many that would take over, one does', async () => {
  await acquire(elsewhere(7));
  silence(5000);
  const others = await Promise.allSettled(Array.from({ length: 8 }, (_, i) => acquire(elsewhere(10 + i))));
  const got = others.filter(({ status }) => status === 'fulfilled');
  expect(got).toHaveLength(1);
  const [holder] = files().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));
  expect(files()).toHaveLength(1);
  expect(holder.owner.pid).toBeGreaterThanOrEqual(10);
});
