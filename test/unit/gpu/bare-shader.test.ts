import { expect, test } from 'vitest';
import { bareShader } from '../../../src/gpu/bare-shader.ts';
import { kernels } from '../../../src/kernels/index.ts';

test('comments and indentation go, directives stay', () => {
  const text = `// What it is.
const N = 4u; // columns
fn main() {
  //#if BIAS
  let a = 1 / 2;

  //#endif
}
`;
  expect(bareShader(text)).toBe('const N = 4u;\nfn main() {\n//#if BIAS\nlet a = 1 / 2;\n//#endif\n}');
});

test('what is bare is told from the texts of all other kernels', () => {
  const texts = new Set(kernels.flatMap(({ variants }) => variants.map(({ source }) => source)));
  expect(new Set(Array.from(texts, bareShader)).size).toBe(texts.size);
  for (const text of texts) expect(bareShader(bareShader(text))).toBe(bareShader(text));
});
