/**
 * How shaders for GPUs loop and index. Tint gives a loop whose step is not one a 64-bit counter and a branch against endless loops, and
 * clamps every index into workgroup memory that it cannot prove to be inside.
 */
import { describe, expect, test } from 'vitest';
import { traitsOf } from '../../src/gpu/adapter-kind.ts';
import { kernels } from '../../src/kernels/index.ts';

/** Files whose loops have other steps, with the reason. */
const otherSteps: readonly { readonly files: RegExp; readonly reason: string }[] = [
  {
    files:
      /-(forward|wgrad)\/quad$|\/stationary$|matmul-(forward|wgrad)\/register$|batch-norm-backward\/quad$|conv-wgrad\/strip$|conv-dgrad\/shuffle$/,
    reason: 'for adapters that compute on the CPU, whose texts stay',
  },
  {
    files: /^batch-norm-(forward|backward)\/strip$/,
    reason:
      'rows far apart, and a tree of halves; measured on GPUs as they are, not with loops that count by one',
  },
  {
    files: /^conv-(forward|wgrad|dgrad)\/tile$|^batch-norm-moments\/naive$/,
    reason: 'measured on GPUs as they are (docs/kernels.md), not with loops that count by one',
  },
  { files: /^step-end\/naive$/, reason: 'one workgroup, 16 rows apart' },
];

const files = new Map(
  kernels.flatMap(({ variants }) =>
    variants.map(({ source }) => [/^\/\/ (\S+):/.exec(source)?.[1] ?? '', source] as const),
  ),
);

/** Heads of loops that are not written out. */
const loopsOf = (source: string): string[] =>
  Array.from(source.replace(/\/\/#unroll.*\n.*/g, '').matchAll(/for \((.*)\) \{/g), ([, head]) => head ?? '');

const isUnitStep = (head: string): boolean => /; (\w+)\+\+$/.test(head);

describe('loops have unit steps', () => {
  test.each([...files])('%s', (name, source) => {
    const others = loopsOf(source).filter((head) => !isUnitStep(head));
    if (otherSteps.some((allowed) => allowed.files.test(name))) expect(others).not.toEqual([]);
    else expect(others).toEqual([]);
  });
});

/** Names that an expression is made of. */
const namesIn = (expression: string): string[] => expression.match(/\b[a-zA-Z_]\w*/g) ?? [];

/** What an index into workgroup memory may not be made of, found through its `let`s; undefined where it is provable. */
function unprovable(source: string, index: string): string | undefined {
  const provable = new Set([
    'local',
    'u',
    ...Array.from(source.matchAll(/^const (\w+)/gm), ([, name]) => name!),
  ]);
  for (const head of loopsOf(source)) {
    const [, name, from, to] = /^var (\w+) = (\w+); \1 < (\w+); \1\+\+$/.exec(head) ?? [];
    const isConstant = (word = '') => /^\d+u$/.test(word) || provable.has(word);
    if (name !== undefined && isConstant(from) && isConstant(to)) provable.add(name);
  }
  for (const [, name = ''] of source.matchAll(/\/\/#unroll.*\n\s*for \(var (\w+)/g)) provable.add(name);
  const open = namesIn(index);
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (provable.has(name)) continue;
    const value = new RegExp(`\\blet ${name} = (.*);`).exec(source)?.[1];
    if (value === undefined || /[[(]\w*\(/.test(value)) return name;
    open.push(...namesIn(value));
    provable.add(name);
  }
  return undefined;
}

describe('blocks index workgroup memory by what is provable', () => {
  test('a workgroup, a load and a step are not', () => {
    const source =
      'const N = 4u;\nlet row = group.x * N;\nfor (var k = 0u; k < N; k++) {\nfor (var m = 0u; m < N; m += 2u) {';
    expect(unprovable(source, 'N * k + local')).toBeUndefined();
    expect(unprovable(source, 'row + 1u')).toBe('x');
    expect(unprovable(source, 'm')).toBe('m');
  });

  const blocks = [...files].filter(([name]) => name.endsWith('/block'));
  test('there are three forms', () => expect(blocks).toHaveLength(3));
  test.each(blocks)('%s', (_, source) => {
    const memory = Array.from(source.matchAll(/^var<workgroup> (\w+)/gm), ([, name]) => name!);
    expect(memory).toHaveLength(2);
    for (const name of memory) {
      const indices = Array.from(
        source.matchAll(new RegExp(`\\b${name}\\[([^\\]]+)\\]`, 'g')),
        ([, index]) => index!,
      );
      expect(indices.length).toBeGreaterThan(1);
      for (const index of indices) expect(unprovable(source, index), `${name}[${index}]`).toBeUndefined();
    }
  });
});

test('what a GPU prefers writes out no more than its compiler takes', () => {
  const { mostUnrolled } = traitsOf('gpu');
  for (const { variants, preferred, op } of kernels) {
    for (const name of preferred?.gpu ?? []) {
      const variant = variants.find((candidate) => candidate.name === name)!;
      expect(
        variant.unrolled?.({ M: 512, N: 512, K: 512 } as never) ?? 0,
        `${op}/${name}`,
      ).toBeLessThanOrEqual(mostUnrolled);
    }
  }
});
