import { expect, test } from 'vitest';
import { traitsOf } from '../../../src/gpu/adapter-kind.ts';
import { bareShader } from '../../../src/gpu/bare-shader.ts';
import type { Capabilities } from '../../../src/gpu/device.ts';
import { type FoldedGrid, foldedText } from '../../../src/gpu/folded-grid.ts';
import type { Tensor } from '../../../src/gpu/tensor.ts';
import { shaderText } from '../../../src/kernels/call.ts';
import { kernels } from '../../../src/kernels/index.ts';
import { refusal, type Shape } from '../../../src/kernels/kernel.ts';
import { defaultShapes } from '../../../src/reference/checks/table.ts';

test('comments, indentation and spaces around signs go, directives and what specialize.ts reads stay', () => {
  const text = `// What it is.
const N = 4u; // columns
fn main() {
  //#if BIAS
  let a = 1 / 2;

  //#endif
  //#unroll
  for (var i = 0u; i < N; i++) {
    for (var j = 0u; j < N; j++) {
      b[i] = vec2u(1u, a - 1u) - -c;
    }
  }
}
`;
  expect(bareShader(text).split('\n')).toEqual([
    'const N = 4u;',
    'fn main() {',
    '//#if BIAS',
    'let a=1/2;',
    '//#endif',
    '//#unroll',
    'for (var i = 0u; i < N; i++) {',
    'for(var j=0u;j<N;j++){',
    'b[i]=vec2u(1u,a-1u)- -c;',
    '}',
    '}',
    '}',
  ]);
});

test('what is bare is told from the texts of all other kernels', () => {
  const texts = new Set(kernels.flatMap(({ variants }) => variants.map(({ source }) => source)));
  expect(new Set(Array.from(texts, bareShader)).size).toBe(texts.size);
  for (const text of texts) expect(bareShader(bareShader(text))).toBe(bareShader(text));
});

/** Words, numbers and signs: as WGSL reads a text without comments (https://www.w3.org/TR/WGSL/#tokens). */
const tokens = (text: string): readonly string[] =>
  text.match(/[\w.]+|\/\*|\/\/|&&|\|\||<<=?|>>=?|\+\+|--|->|[-+*/%&|^=!<>]=|\S/g) ?? [];

const withoutComments = (text: string): string => text.replace(/\/\/(?!#).*$/gm, '');

test('no two signs become one', () => {
  for (const { source } of kernels.flatMap(({ variants }) => variants)) {
    expect(tokens(bareShader(source))).toEqual(tokens(withoutComments(source)));
  }
});

test('a grid that is too large is folded in a bare text as in the whole one', () => {
  const fold: FoldedGrid = {
    grid: [70_000, 2],
    parts: [2, 1],
    partSize: [35_000, 2],
  };
  for (const { source } of kernels.flatMap(({ variants }) => variants)) {
    expect(tokens(foldedText(bareShader(source), fold))).toEqual(
      tokens(withoutComments(foldedText(source, fold))),
    );
  }
});

/** Shapes of the checks, and those with as many columns and rows as a tile wants. */
const shapesOf = (op: string): readonly Shape[] => {
  const shapes = defaultShapes(op);
  const wide = shapes.flatMap((shape) => [
    { ...shape, N: 52 },
    { ...shape, N: 28 },
    { ...shape, M: 64, N: 64 },
  ]);
  return [...shapes, ...wide];
};

const everything = {
  ...traitsOf('swiftshader'),
  subgroups: true,
  eightLanes: true,
  software: false,
} as const;
const capabilities: Capabilities = {
  ...everything,
  maxWorkgroupStorageSize: 49_152,
  maxInvocationsPerWorkgroup: 1024,
  maxWorkgroupsPerDimension: 65_535,
};

test.each(kernels.map((kernel) => [kernel.op, kernel] as const))(
  '%s: what is compiled is the same',
  (op, kernel) => {
    const named = kernel.bindings.map(
      ({ name }) => [name, { size: 4, replicas: 1, replicaStride: 4 }] as const,
    );
    const tensors = Object.fromEntries(named) as unknown as Record<string, Tensor>;
    for (const variant of kernel.variants) {
      const shapes = shapesOf(op).filter((shape) => refusal(variant, shape, capabilities) === undefined);
      expect(shapes, variant.name).not.toEqual([]);
      for (const shape of shapes.slice(0, 2)) {
        const textOf = (source: string) =>
          tokens(withoutComments(shaderText(kernel, { ...variant, source }, shape, tensors)));
        expect(textOf(bareShader(variant.source)), variant.name).toEqual(textOf(variant.source));
      }
    }
  },
);
