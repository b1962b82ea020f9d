import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

/** Which folders of src/ a folder may import from, besides itself. Data flow from top to bottom. */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  data: [],
  gpu: [],
  kernels: ['gpu'],
  nn: ['kernels', 'gpu'],
  optim: ['kernels', 'gpu'],
  train: ['nn', 'optim', 'data', 'gpu', 'kernels'],
  'index.ts': ['train', 'nn', 'optim', 'data', 'gpu'],
  experiments: ['train', 'nn', 'optim', 'data', 'gpu', 'kernels'],
  measure: ['train', 'data', 'gpu', 'kernels'],
  page: ['measure', 'experiments', 'train', 'nn', 'optim', 'data', 'gpu', 'kernels'],
  hosts: ['train', 'data', 'gpu'],
  cli: ['hosts', 'experiments', 'train', 'nn', 'optim', 'data', 'gpu', 'kernels'],
  reference: ['nn', 'optim', 'kernels', 'gpu'],
};
/** From these a folder may import types only. */
const mayImportTypes: Readonly<Record<string, readonly string[]>> = {};
/** What the page's worker alone runs: the page itself takes types from there. */
const workerFolders: readonly string[] = ['gpu', 'kernels', 'nn'];
/**
 * The reference is no part of the engine. Two things are comparing with it: checking gradients, and timing a kernel, which must
 * be right first. Nothing else of src/ may import it.
 */
const mayImportReference: readonly string[] = [
  'src/measure/kernel-rows.ts',
  'src/cli/commands/gradcheck.ts',
  'src/cli/commands/gradcheck-case.ts',
  'src/cli/commands/gradcheck-listing.ts',
];
/** What runs in Node; all else runs in a browser, too. */
const nodeFolders = ['src/cli/', 'src/hosts/', 'src/data/files/'];

const root = join(import.meta.dirname, '..');

interface Import {
  /** Paths from the project's root, with `/`. */
  readonly from: string;
  /** A path, or the name of a package. */
  readonly to: string;
  readonly isTypeOnly: boolean;
}

const slashed = (path: string): string => path.split(sep).join('/');

function sourceFiles(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => slashed(join(folder, path)))
    .filter((path) => /\.(ts|tsx|js|mjs|html)$/.test(path) && !path.endsWith('.d.ts'))
    .sort();
}

/** `import ... from 'x'`, `export ... from 'x'`, `import 'x'`, `import('x')`, `new URL('x', import.meta.url)`, `src="x"`. */
const statements = [
  /^[ \t]*(?:import|export)(?<clause>\s[^;'"]*?)\bfrom\s*['"](?<to>[^'"]+)['"]/gm,
  /^[ \t]*import\s*['"](?<to>[^'"]+)['"]/gm,
  /\bimport\(\s*(?:\/\*.*?\*\/\s*)?['"](?<to>[^'"]+)['"]/g,
  /\bnew URL\(\s*['"](?<to>[^'"]+)['"],\s*import\.meta\.url/g,
  /<script[^>]*\ssrc="(?<to>[^"]+)"/g,
];

/** `type { A }` or `{ type A, type B }`. */
const isTypeClause = (clause: string): boolean =>
  /^\s*type\s/.test(clause) || /^\s*\{(\s*type\s+[^,}]+,?)+\s*\}\s*$/.test(clause);

function importsOf(path: string, text: string): Import[] {
  return statements.flatMap((statement) =>
    Array.from(text.matchAll(statement), ({ groups }) => {
      const [to = ''] = (groups?.to ?? '').split('?');
      const isPath = to.startsWith('.') || to.startsWith('/');
      const absolute = to.startsWith('/') ? join(root, to) : join(root, dirname(path), to);
      return {
        from: path,
        to: isPath ? slashed(relative(root, absolute)) : to,
        isTypeOnly: isTypeClause(groups?.clause ?? ''),
      };
    }),
  );
}

const imports = sourceFiles('src').flatMap((path) => importsOf(path, readFileSync(join(root, path), 'utf8')));
const show = ({ from, to }: Import): string => `${from} -> ${to}`;
const folderOf = (path: string): string => path.split('/')[1] ?? '';

describe('imports are found in', () => {
  test.each([
    ["import { a } from './b.ts';", 'src/gpu/b.ts', false],
    ["import type { A } from '../nn/b.ts';", 'src/nn/b.ts', true],
    ["import { type A, type B } from './b.ts';", 'src/gpu/b.ts', true],
    ["import { type A, b } from './b.ts';", 'src/gpu/b.ts', false],
    ["import {\n  a,\n  b,\n} from './b.ts';", 'src/gpu/b.ts', false],
    ["import naive from '../../shaders/x/naive.wgsl?raw';", 'shaders/x/naive.wgsl', false],
    ["export * from './b.ts';", 'src/gpu/b.ts', false],
    ["import './b.ts';", 'src/gpu/b.ts', false],
    ["const b = await import('./b.ts');", 'src/gpu/b.ts', false],
    ["new Worker(new URL('../train/worker.ts', import.meta.url));", 'src/train/worker.ts', false],
    ['<script type="module" src="/src/page/main.ts"></script>', 'src/page/main.ts', false],
    ["import { wgsl } from 'wgsl-preprocessor/x.js';", 'wgsl-preprocessor/x.js', false],
  ])('%s', (text, to, isTypeOnly) => {
    expect(importsOf('src/gpu/a.ts', text)).toEqual([{ from: 'src/gpu/a.ts', to, isTypeOnly }]);
  });
});

describe('layers', () => {
  test('every folder of src/ has its row', () => {
    const folders = readdirSync(join(root, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    for (const { name } of folders) expect(Object.keys(mayImport)).toContain(name);
  });

  test.each(Object.keys(mayImport))('src/%s imports only what it may', (folder) => {
    const wrong = imports.filter(({ from, to, isTypeOnly }) => {
      if (folderOf(from) !== folder || !to.startsWith('src/')) return false;
      const target = folderOf(to);
      if (target === folder || mayImport[folder]?.includes(target)) return false;
      if (target === 'reference' && mayImportReference.includes(from)) return false;
      return !(isTypeOnly && mayImportTypes[folder]?.includes(target));
    });
    expect(wrong.map(show)).toEqual([]);
  });

  test('what may import the reference does, and the files of the gradient check are imported by the command alone', () => {
    const importers = imports.filter(({ to }) => folderOf(to) === 'reference' && to.startsWith('src/'));
    const outside = importers.map(({ from }) => from).filter((from) => folderOf(from) !== 'reference');
    expect([...new Set(outside)].sort()).toEqual([...mayImportReference].sort());
    const users = imports.filter(
      ({ from, to }) =>
        mayImportReference.includes(to) && to.startsWith('src/cli/') && !mayImportReference.includes(from),
    );
    expect(users.map(show)).toEqual([]);
  });

  test('of the page, only what is in the worker runs the engine', () => {
    const wrong = imports.filter(
      ({ from, to, isTypeOnly }) =>
        from.startsWith('src/page/') &&
        !from.startsWith('src/page/engine/') &&
        workerFolders.includes(folderOf(to)) &&
        to.startsWith('src/') &&
        !isTypeOnly,
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('only src/kernels imports shaders', () => {
    const wrong = imports.filter(({ from, to }) => to.startsWith('shaders/') && folderOf(from) !== 'kernels');
    expect(wrong.map(show)).toEqual([]);
  });

  test('src/ imports neither bench/ nor test/', () => {
    const wrong = imports.filter(({ to }) => /^(bench|test)\//.test(to));
    expect(wrong.map(show)).toEqual([]);
  });

  test('what runs in a browser imports nothing of Node', () => {
    const wrong = imports.filter(
      ({ from, to }) => to.startsWith('node:') && !nodeFolders.some((folder) => from.startsWith(folder)),
    );
    expect(wrong.map(show)).toEqual([]);
  });

  test('every imported file exists', () => {
    const wrong = imports.filter(({ to }) => /^(src|shaders)\//.test(to) && !existsSync(join(root, to)));
    expect(wrong.map(show)).toEqual([]);
  });

  test('no file imports itself through others, types apart', () => {
    const targets = new Map<string, Import[]>();
    const running = imports.filter(({ isTypeOnly }) => !isTypeOnly);
    for (const one of running) targets.set(one.from, [...(targets.get(one.from) ?? []), one]);
    const done = new Set<string>();
    const visit = (path: string, above: readonly string[]): void => {
      if (above.includes(path)) {
        throw new Error(`import cycle: ${[...above.slice(above.indexOf(path)), path].join(' -> ')}`);
      }
      if (done.has(path)) return;
      for (const { to } of targets.get(path) ?? []) visit(to, [...above, path]);
      done.add(path);
    };
    for (const path of targets.keys()) visit(path, []);
  });
});
