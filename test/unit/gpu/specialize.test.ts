import { describe, expect, test } from 'vitest';
import { specialize } from '../../../src/gpu/specialize.ts';
import { kernels } from '../../../src/kernels/index.ts';
import { defaultShapes } from '../../../src/reference/checks/table.ts';

/** Text without indentation and empty lines: what a compiler sees. */
const lines = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');

describe('flags', () => {
  const source = ['a', '//#if FAST', 'b', '//#else', 'c', '//#endif', 'd'].join('\n');

  test('keep one branch', () => {
    expect(lines(specialize(source, { flags: { FAST: true } }))).toEqual(['a', 'b', 'd']);
    expect(lines(specialize(source, { flags: { FAST: false } }))).toEqual(['a', 'c', 'd']);
  });

  test('are false where they are not given', () => {
    expect(lines(specialize(source, {}))).toEqual(['a', 'c', 'd']);
  });

  test('may be nested and indented, and follow each other', () => {
    const nested = `
      //#if A
      a
        //#if B
        ab
        //#else
        a not b
        //#endif
      //#endif
      //#if B
      b
      //#endif`;
    expect(lines(specialize(nested, { flags: { A: true, B: false } }))).toEqual(['a', 'a not b']);
    expect(lines(specialize(nested, { flags: { A: true, B: true } }))).toEqual(['a', 'ab', 'b']);
    expect(lines(specialize(nested, { flags: { B: true } }))).toEqual(['b']);
  });

  test('leave no directive and add no text', () => {
    const text = specialize(source, { flags: { FAST: true } });
    expect(text).not.toContain('#');
    expect(text).not.toMatch(/true|false|undefined/);
  });

  test('must be closed and opened', () => {
    expect(() => specialize('//#if A\na', {})).toThrow(/endif/);
    expect(() => specialize('//#if A\na\n//#endif\n//#endif', {})).toThrow(/endif/);
  });
});

describe('constants', () => {
  test.each([
    ['const M = 8u;', 100, 'const M = 100u;'],
    ['const M = 8i;', -3, 'const M = -3i;'],
    ['const EPS = 1e-5f;', 1e-8, 'const EPS = 1e-8f;'],
    ['const N4 = array(2u, 3u);', [13], 'const N4 = array(13u);'],
    ['const RATES = array(0.5);', [1, 0.25], 'const RATES = array(1.0, 0.25);'],
    ['const EPS = 1e-5f;', 1, 'const EPS = 1f;'],
    ['const M = 8;', 3, 'const M = 3;'],
    ['const X = 0.5;', 2, 'const X = 2.0;'],
    ['const X = 0.5;', 0.25, 'const X = 0.25;'],
    ['const M: u32 = 8u;', 4, 'const M: u32 = 4u;'],
    ['const M = 8u; // rows', 5, 'const M = 5u; // rows'],
  ])('%s set to %d', (source, value, expected) => {
    const name = /^const (\w+)/.exec(source)?.[1] ?? '';
    expect(specialize(source, { constants: { [name]: value } })).toBe(expected);
  });

  test('are told apart by their whole name, and only the declaration is rewritten', () => {
    const source = 'const MM = 1u;\nconst M = 2u;\nlet x = M + MM; // const M = 3u;';
    expect(specialize(source, { constants: { M: 7 } })).toBe(
      'const MM = 1u;\nconst M = 7u;\nlet x = M + MM; // const M = 3u;',
    );
  });

  test('must exist', () => {
    expect(() => specialize('const M = 8u;', { constants: { N: 4 } })).toThrow(
      'no line "const N = ...;" to set to 4',
    );
    expect(() => specialize('fn f() {\n  const N = 8u;\n}', { constants: { N: 4 } })).toThrow('const N');
  });

  test('must be numbers of their kind', () => {
    expect(() => specialize('const M = 8u;', { constants: { M: 1.5 } })).toThrow('expected an integer');
    expect(() => specialize('const M = 8u;', { constants: { M: Number.NaN } })).toThrow('NaN');
    expect(() => specialize('const M = 1f;', { constants: { M: Infinity } })).toThrow('Infinity');
  });
});

describe('unrolled loops', () => {
  test('are written out with literals', () => {
    const source = '//#unroll\nfor (var i = 0u; i < 3u; i++) {\n  a[i] = b[i * 4u];\n}';
    expect(lines(specialize(source, {}))).toEqual([
      '{',
      'a[0u] = b[0u * 4u];',
      '}',
      '{',
      'a[1u] = b[1u * 4u];',
      '}',
      '{',
      'a[2u] = b[2u * 4u];',
      '}',
    ]);
  });

  test('take their bounds from constants, after these were set', () => {
    const source = 'const ROWS = 8u;\n//#unroll\nfor (var r = 0u; r < ROWS; r++) { f(r); }';
    expect(lines(specialize(source, { constants: { ROWS: 2 } }))).toEqual([
      'const ROWS = 2u;',
      '{ f(0u); }',
      '{ f(1u); }',
    ]);
  });

  test('may start and step otherwise', () => {
    const source = '//#unroll\nfor (var i = 1u; i < 8u; i += 3u) { f(i); }';
    expect(lines(specialize(source, {}))).toEqual(['{ f(1u); }', '{ f(4u); }', '{ f(7u); }']);
  });

  test('may be empty', () => {
    const source = 'a\n//#unroll\nfor (var i = 2u; i < 2u; i++) { f(i); }\nb';
    expect(lines(specialize(source, {}))).toEqual(['a', 'b']);
  });

  test('may be nested, beside loops that stay', () => {
    const source = `//#unroll
      for (var c = 0u; c < 2u; c++) {
        for (var k = 0u; k < 4u; k++) {
          //#unroll
          for (var r = 0u; r < 2u; r++) { f(c, k, r); }
        }
      }`;
    const iteration = (c: number) => [
      '{',
      'for (var k = 0u; k < 4u; k++) {',
      `{ f(${c}u, k, 0u); }`,
      `{ f(${c}u, k, 1u); }`,
      '}',
      '}',
    ];
    expect(lines(specialize(source, {}))).toEqual([...iteration(0), ...iteration(1)]);
  });

  test('replace the variable alone: no component, no part of a name', () => {
    const source = '//#unroll\nfor (var r = 0u; r < 1u; r++) { a.r = r + row + r0 + b.r[r]; }';
    expect(lines(specialize(source, {}))).toEqual(['{ a.r = 0u + row + r0 + b.r[0u]; }']);
  });

  test('may name a function for each copy, or none', () => {
    const source = '//#unroll f: -, f, g\nfor (var i = 0u; i < 3u; i++) { a[i] = f(b) + of.f * f2; }';
    expect(lines(specialize(source, {}))).toEqual([
      '{ a[0u] = (b) + of.f * f2; }',
      '{ a[1u] = f(b) + of.f * f2; }',
      '{ a[2u] = g(b) + of.f * f2; }',
    ]);
  });

  test.each([
    ['//#unroll f: f, g\nfor (var i = 0u; i < 3u; i++) {}', 'names 2 for 3 copies'],
    ['//#unroll f\nfor (var i = 0u; i < 3u; i++) {}', 'wants a line "for'],
    ['//#unroll\nwhile (true) {}', 'wants a line "for'],
    ['//#unroll\nfor (var i = 0u; i <= 3u; i++) {}', 'wants a line "for'],
    ['//#unroll\nfor (var i = 0u; i < N; i++) {}', 'got "N"'],
    ['const N = M / 2u;\n//#unroll\nfor (var i = 0u; i < N; i++) {}', 'got "N"'],
    ['//#unroll\nfor (var i = 0u; i < 3u; i += 0u) {}', 'positive step'],
    ['//#unroll\nfor (var i = 0u; i < 3u; i++) {', 'no closing brace'],
  ])('%j is refused', (source, message) => {
    expect(() => specialize(source, {})).toThrow(message);
  });
});

describe('every variant', () => {
  const variants = kernels.flatMap(({ op, variants }) => variants.map((variant) => ({ op, variant })));

  test.each(variants)(
    '$op/$variant.name has no directive left, and is the same text each time',
    ({ op, variant }) => {
      const shape = defaultShapes(op).at(-1)!;
      const constants = variant.constants(shape);
      const make = () => specialize(variant.source, { constants, flags: variant.flags?.(shape) ?? {} });
      expect(make()).toBe(make());
      expect(make()).not.toMatch(/\/\/#|#(if|else|endif|unroll)/);
    },
  );
});
