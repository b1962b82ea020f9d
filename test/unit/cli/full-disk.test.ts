/** A disk that is full after some bytes: what Node says then, without a disk that is full. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RunDirectory } from '../../../src/cli/folders/run-directory.ts';

const disk = vi.hoisted(() => ({ isFull: false }));
vi.mock('node:fs', async (importOriginal) => {
  const fs = await importOriginal<typeof import('node:fs')>();
  const noSpace = () =>
    Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', syscall: 'write' });
  /** Writes as much as fits, then fails. */
  const cutShort =
    <T extends typeof fs.writeFileSync | typeof fs.appendFileSync>(write: T) =>
    (...[path, data, options]: Parameters<typeof fs.writeFileSync>) => {
      if (!disk.isFull) return write(path, data as string, options);
      write(path, (data as string).slice(0, 5), options);
      throw noSpace();
    };
  return {
    ...fs,
    writeFileSync: cutShort(fs.writeFileSync),
    appendFileSync: cutShort(fs.appendFileSync),
  };
});

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wgrad-full-'));
});
afterEach(() => {
  disk.isFull = false;
  rmSync(folder, { recursive: true });
});

test('a file: one line, the old one stays, and nothing half-written', () => {
  const directory = new RunDirectory(folder);
  directory.write('weights.safetensors', 'the old weights');
  disk.isFull = true;
  expect(() => directory.write('weights.safetensors', 'the new weights')).toThrow(
    `cannot write ${join(folder, 'weights.safetensors')}: no space left on the device`,
  );
  expect(readFileSync(join(folder, 'weights.safetensors'), 'utf8')).toBe('the old weights');
  expect(readdirSync(folder).filter((name) => !name.startsWith('.wgrad-lock-'))).toEqual([
    'weights.safetensors',
  ]);
});

test('metrics: a line that does not fit is not there', () => {
  const directory = new RunDirectory(folder);
  directory.beginMetrics(0);
  directory.addMetrics({ type: 'train', step: 50 });
  disk.isFull = true;
  expect(() => directory.addMetrics({ type: 'train', step: 100 })).toThrow(
    `cannot write ${join(folder, 'metrics.jsonl')}: no space left on the device`,
  );
  expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).toBe('{"type":"train","step":50}\n');
});
