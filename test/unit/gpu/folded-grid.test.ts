import { describe, expect, test } from 'vitest';
import { foldedText, foldedWorkgroups, foldGrid } from '../../../src/gpu/folded-grid.ts';
import { kernels } from '../../../src/kernels/index.ts';

const doubling = `@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  y[id.x] *= 2.0;
}
`;

describe('foldGrid', () => {
  test('a grid that fits is one part', () => {
    const grid = foldGrid([65_535, 65_535], 65_535);
    expect(grid).toEqual({ grid: [65_535, 65_535], parts: [1, 1], partSize: [65_535, 65_535] });
    expect(foldedWorkgroups(grid, 5)).toEqual([65_535, 65_535, 5]);
  });

  test('one workgroup more makes two parts of about half', () => {
    const grid = foldGrid([65_536, 3], 65_535);
    expect(grid).toEqual({ grid: [65_536, 3], parts: [2, 1], partSize: [32_768, 3] });
    expect(foldedWorkgroups(grid, 5)).toEqual([32_768, 3, 10]);
  });

  test.each([
    [7, 5, 2],
    [2, 9, 4],
    [1, 1, 1],
    [13, 1, 3],
  ])('parts of %i x %i, %i at most, hold every workgroup once', (x, y, most) => {
    const grid = foldGrid([x, y], most);
    const [partX, partY, layers] = foldedWorkgroups(grid, 1);
    expect(Math.max(partX, partY)).toBeLessThanOrEqual(most);
    const places: string[] = [];
    for (let z = 0; z < layers; z++) {
      for (let j = 0; j < partY; j++) {
        for (let i = 0; i < partX; i++) {
          const column = (z % grid.parts[0]) * partX + i;
          const row = Math.floor(z / grid.parts[0]) * partY + j;
          if (column < x && row < y) places.push(`${column} ${row}`);
        }
      }
    }
    expect(new Set(places).size).toBe(x * y);
    expect(places.length).toBe(x * y);
  });
});

describe('foldedText', () => {
  test('a grid that fits keeps the text', () => {
    expect(foldedText(doubling, foldGrid([65_535, 1], 65_535))).toBe(doubling);
  });

  test('the global index is made of the unfolded workgroup', () => {
    expect(foldedText(doubling, foldGrid([70_000, 1], 65_535))).toBe(`\
@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) foldedGroup: vec3u, @builtin(local_invocation_id) foldedLocal: vec3u) {
  let foldedPart = foldedGroup.z % 2u;
  let unfoldedGroup = vec3u(
    foldedPart % 2u * 35000u + foldedGroup.x,
    foldedPart / 2u * 1u + foldedGroup.y,
    foldedGroup.z / 2u,
  );
  if (unfoldedGroup.x >= 70000u || unfoldedGroup.y >= 1u) {
    return;
  }
  let id = unfoldedGroup * vec3u(64, 1, 1) + foldedLocal;
  y[id.x] *= 2.0;
}
`);
  });

  test('a workgroup index keeps its name, other builtins stay', () => {
    const code = `@compute @workgroup_size(LANES, 4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
}
`;
    const text = foldedText(code, foldGrid([3, 9], 4));
    expect(text).toContain(
      'fn main(@builtin(workgroup_id) foldedGroup: vec3u, @builtin(local_invocation_index) lane: u32) {',
    );
    expect(text).toContain('let group = vec3u(');
    expect(text).not.toContain('foldedLocal');
  });

  test.each(
    kernels.flatMap(({ op, variants }) => variants.map(({ name, source }) => [op, name, source] as const)),
  )('%s/%s can be folded', (_op, _name, source) => {
    const text = foldedText(source, foldGrid([3, 3], 2));
    expect(text).toContain('fn main(@builtin(workgroup_id) foldedGroup: vec3u');
  });

  test('refuses what it cannot read', () => {
    const grid = foldGrid([3, 9], 4);
    expect(() => foldedText('fn main() {}', grid)).toThrow('no line "fn main');
    const counts = doubling.replace('global_invocation_id) id', 'num_workgroups) count');
    expect(() => foldedText(counts, grid)).toThrow('cannot fold a grid with @builtin(num_workgroups)');
  });
});
