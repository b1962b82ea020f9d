// Every text that is compiled, of every variant at every shape of the nets, passes naga as well as Tint (test/kernels/net-texts.test.ts).
import { expect, test, vi } from 'vitest';
import { kernels } from '../../src/kernels/index.ts';
import { netTexts } from '../kernels/net-texts.ts';
import { nagaRefusal } from './naga.ts';

test('naga refuses what is wrong', () => {
  const shader = (statement: string) =>
    `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(local_invocation_index) i: u32) {
  ${statement}
}`;
  expect(nagaRefusal(shader('y[i] = quadSwapX(y[i]);'))).toBeUndefined();
  expect(nagaRefusal(shader('y[i] = i;'))).toContain('cannot convert');
  expect(nagaRefusal(shader('y[i] = quadTurn(y[i]);'))).toContain('quadTurn');
});

vi.stubGlobal('GPUBufferUsage', { STORAGE: 128, COPY_SRC: 4, COPY_DST: 8 }); // What recording a step asks a browser for.
const texts = await netTexts();

test('the nets use every op', () => {
  const used = new Set(texts.map(({ op }) => op));
  expect(kernels.map(({ op }) => op).filter((op) => !used.has(op))).toEqual([]);
});

/** What naga lacks, and which variants so run in Chrome alone; an entry goes when naga has it. */
const lacking = {
  // naga 25 has quadSwapX, Y and Diagonal: the convolutions' strips on quads; their other variants run everywhere.
  quadBroadcast: /^conv-(forward|wgrad|dgrad)\/strip-/,
} as const;

test.each(texts)('naga accepts $name', ({ name, code }) => {
  const text = code();
  const missing = Object.entries(lacking).find(([word, of]) => text.includes(`${word}(`) && of.test(name));
  const refusal = nagaRefusal(text);
  if (missing === undefined) expect(refusal).toBeUndefined();
  else expect(refusal).toContain(`no definition in scope for identifier: \`${missing[0]}\``);
});
