import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { runsFolder } from '../../../src/hosts/project-root.ts';

test('results go to the project, or, where it may only be read, to where the user stands', () => {
  const root = mkdtempSync(join(tmpdir(), 'wgrad-root-'));
  expect(runsFolder(root)).toBe(join(root, 'runs'));
  mkdirSync(join(root, 'runs'));
  expect(runsFolder(root)).toBe(join(root, 'runs'));
  rmSync(root, { recursive: true });
  expect(runsFolder(root)).toBe(resolve('runs'));
});
