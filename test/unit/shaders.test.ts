import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { specialize } from '../../src/gpu/specialize.ts';
import { kernels } from '../../src/kernels/index.ts';
import { shader } from '../../src/kernels/shader.ts';
import { defaultShapes } from '../../src/reference/checks/table.ts';

const root = join(import.meta.dirname, '../../shaders');
const paths = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => path.endsWith('.wgsl'))
  .sort();

const bindingLine =
  /^@group\((\d+)\) @binding\((\d+)\) var<storage, (read|read_write)> (\w+): [^;]+;[ \t]*(?:\/\/ (.*))?$/;

/** The lines that declare a resource. */
const bindingLines = (text: string): string[] =>
  text.split('\n').filter((line) => line.includes('@binding('));

const strideName = (binding: string): string =>
  `${binding.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}_STRIDE`;

test('a shader that there is not is named', () => {
  expect(() => shader('matmul-forward/slow')).toThrow('there is no shaders/matmul-forward/slow.wgsl');
});

describe.each(paths)('shaders/%s', (path) => {
  const source = readFileSync(join(root, path), 'utf8');
  const [op = '', file = ''] = path.split('/');
  const users = kernels.flatMap((kernel) =>
    kernel.variants.filter((variant) => variant.source === source).map((variant) => ({ kernel, variant })),
  );

  test('stands in the folder of an op whose variants use it', () => {
    expect(path.split('/')).toHaveLength(2);
    expect(users.map(({ kernel }) => kernel.op)).toContain(op);
  });

  test('opens with its name', () => {
    expect(source).toMatch(new RegExp(`^// ${op}/${file.replace('.wgsl', '')}: \\S`));
  });

  test('leaves extensions and diagnostics to the host', () => {
    expect(source).not.toMatch(/^\s*(requires|diagnostic|enable)\b/m);
  });

  test('declares its bindings a line each, with a shape', () => {
    for (const line of bindingLines(source)) {
      const [, group, , , , comment] = bindingLine.exec(line) ?? [];
      expect(group, line).toBe('0');
      expect(comment, line).toMatch(/^\([^)]+\)/);
    }
  });

  test('has a stride for what replicas have of their own, and for nothing else', () => {
    for (const line of bindingLines(source)) {
      const [, , , , name = '', comment = ''] = bindingLine.exec(line) ?? [];
      expect(source.includes(`const ${strideName(name)} = `), line).toBe(comment.startsWith('(R,'));
    }
    const names = bindingLines(source).map((line) => strideName(bindingLine.exec(line)?.[4] ?? ''));
    for (const [, name] of source.matchAll(/^const (\w+_STRIDE)\b/gm)) expect(names).toContain(name);
  });

  test('has no return where there is a barrier', () => {
    if (/\w*[bB]arrier\(/.test(source)) expect(source).not.toMatch(/\breturn;/);
  });

  test('does not take a barrier of storage for one of workgroup memory', () => {
    if (!source.includes('var<workgroup>')) return;
    const lines = source.split('\n').map((line) => line.trim());
    for (const [i, line] of lines.entries()) {
      if (line === 'storageBarrier();') expect(lines[i + 1]).toBe('workgroupBarrier();');
    }
  });

  test.each(users)('$kernel.op/$variant.name binds what the table says', ({ kernel, variant }) => {
    const flags = variant.flags?.(defaultShapes(kernel.op)[0]!) ?? {};
    const text = specialize(source, { flags });
    const declared = bindingLines(text).map((line) => {
      const [, , binding, access, name] = bindingLine.exec(line) ?? [];
      return { binding: Number(binding), access, name };
    });
    expect(declared).toEqual(kernel.bindings.map((binding, i) => ({ binding: i, ...binding })));
    expect(declared.length).toBeLessThanOrEqual(8); // WebGPU's default limit
  });

  test.each(users)(
    '$kernel.op/$variant.name sets constants and flags that are there',
    ({ kernel, variant }) => {
      for (const shape of defaultShapes(kernel.op)) {
        for (const name of Object.keys(variant.constants(shape))) {
          expect(source).toMatch(new RegExp(`^const ${name}\\b`, 'm'));
          expect(name).not.toMatch(/_STRIDE$/);
        }
      }
      const flags = new Set(Array.from(source.matchAll(/\/\/#if (\w+)/g), ([, flag]) => flag));
      for (const shape of defaultShapes(kernel.op)) {
        expect(Object.keys(variant.flags?.(shape) ?? {}).sort()).toEqual([...flags].sort());
      }
    },
  );
});

test('every variant is a file', () => {
  const sources = new Set(paths.map((path) => readFileSync(join(root, path), 'utf8')));
  for (const { op, variants } of kernels) {
    for (const { name, source } of variants) expect(sources.has(source), `${op}/${name}`).toBe(true);
  }
});

test('names are unique, preferred variants exist, and the first variant runs on every adapter', () => {
  expect(new Set(kernels.map(({ op }) => op)).size).toBe(kernels.length);
  for (const { op, variants, preferred } of kernels) {
    const names = variants.map(({ name }) => name);
    expect(new Set(names).size, op).toBe(names.length);
    expect(variants[0]?.subgroups ?? false, op).toBe(false);
    for (const name of Object.values(preferred ?? {}).flat()) {
      expect(names, op).toContain(name);
    }
  }
});

test('the stationary products sum in the same way', () => {
  const sums = ['forward', 'wgrad', 'dgrad'].map((form) => {
    const text = readFileSync(join(root, `matmul-${form}/stationary.wgsl`), 'utf8');
    return text.slice(text.indexOf('// sums['), text.lastIndexOf('Row = ')).replace(/let \w+$/, '');
  });
  expect(sums[0]).toContain('quadSwapDiagonal');
  expect(new Set(sums).size).toBe(1);
});
