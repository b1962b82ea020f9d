import { expect, test } from 'vitest';
import { bareShader } from '../../../src/gpu/bare-shader.ts';
import { type FoldedGrid, foldedText } from '../../../src/gpu/folded-grid.ts';
import { kernels } from '../../../src/kernels/index.ts';

test('comments, indentation and spaces around signs go, directives and what specialize.ts reads stay', () => {
  const text = `// What it is.
const N = 4u; // columns
fn main() {
  //#if BIAS
  let a = 1 / 2;

  //#endif
  for (var i = 0u; i < N; i++) {
    b[i] = vec2u(1u, a - 1u);
  }
}
`;
  expect(bareShader(text).split('\n')).toEqual([
    'const N = 4u;',
    'fn main() {',
    '//#if BIAS',
    'let a=1/2;',
    '//#endif',
    'for (var i = 0u; i < N; i++) {',
    'b[i]=vec2u(1u,a - 1u);',
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

test('no two signs become one', () => {
  for (const { source } of kernels.flatMap(({ variants }) => variants)) {
    expect(tokens(bareShader(source))).toEqual(tokens(source.replace(/\/\/(?!#).*$/gm, '')));
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
      tokens(foldedText(source, fold).replace(/\/\/(?!#).*$/gm, '')),
    );
  }
});
