// Grids of more workgroups in x or y than an adapter starts in one dimension (65,535 by WebGPU's default): they are cut into parts
// of equal size that follow one another in z. The shader's text is as written but for `main`, which finds its place in the whole
// grid first and leaves where there is none; a grid that needs no folding keeps its text, letter by letter.

export interface FoldedGrid {
  /** Workgroups of the whole grid, in x and y. */
  readonly grid: readonly [number, number];
  /** Parts in x and y; part (i, j) of replica r is layer (r · parts[1] + j) · parts[0] + i in z. */
  readonly parts: readonly [number, number];
  /** Workgroups of a part. The last parts may reach beyond the grid. */
  readonly partSize: readonly [number, number];
}

/** Cuts a grid into parts of at most `most` workgroups in x and in y. */
export function foldGrid(grid: readonly [number, number], most: number): FoldedGrid {
  const [x, y] = grid;
  const parts = [Math.max(1, Math.ceil(x / most)), Math.max(1, Math.ceil(y / most))] as const;
  return { grid, parts, partSize: [Math.ceil(x / parts[0]), Math.ceil(y / parts[1])] };
}

/** Workgroups to dispatch for `layers` replicas of a folded grid. */
export function foldedWorkgroups(
  { parts, partSize }: FoldedGrid,
  layers: number,
): readonly [number, number, number] {
  return [...partSize, layers * parts[0] * parts[1]];
}

const entryPoint = /@workgroup_size\(([^)]*)\)\s*fn main\((.*)\) \{\n/;
const parameter = /^@builtin\((\w+)\) (\w+): \w+$/;

/**
 * The text whose `workgroup_id` and `global_invocation_id` are those of the whole grid.
 * @throws Error where `main` is not written on one line, each parameter with its builtin
 */
export function foldedText(code: string, { grid, parts, partSize }: FoldedGrid): string {
  if (parts[0] * parts[1] === 1) return code;
  const match = entryPoint.exec(code);
  if (match === null)
    throw new Error('no line "fn main(@builtin(...) name: type, ...) {" to fold the grid in');
  const [whole, size = '', list = ''] = match;
  const parameters = list.split(', ').map((text) => {
    const [, builtin = '', name = ''] = parameter.exec(text) ?? [];
    if (builtin === '' || builtin === 'num_workgroups') throw new Error(`cannot fold a grid with ${text}`);
    return { builtin, name, text };
  });
  const nameOf = (builtin: string) => parameters.find((each) => each.builtin === builtin)?.name;
  const group = nameOf('workgroup_id') ?? 'unfoldedGroup';
  const lines = [
    `  let foldedPart = foldedGroup.z % ${parts[0] * parts[1]}u;`,
    `  let ${group} = vec3u(`,
    `    foldedPart % ${parts[0]}u * ${partSize[0]}u + foldedGroup.x,`,
    `    foldedPart / ${parts[0]}u * ${partSize[1]}u + foldedGroup.y,`,
    `    foldedGroup.z / ${parts[0] * parts[1]}u,`,
    '  );',
    // The whole workgroup leaves, ahead of every barrier and quad swap.
    `  if (${group}.x >= ${grid[0]}u || ${group}.y >= ${grid[1]}u) {`,
    '    return;',
    '  }',
  ];
  const kept = parameters
    .filter(({ builtin }) => builtin !== 'workgroup_id' && builtin !== 'global_invocation_id')
    .map(({ text }) => text);
  const id = nameOf('global_invocation_id');
  if (id !== undefined) {
    const local = nameOf('local_invocation_id') ?? 'foldedLocal';
    if (local === 'foldedLocal') kept.push('@builtin(local_invocation_id) foldedLocal: vec3u');
    const sizes = [...size.split(',').map((each) => each.trim()), '1', '1'].slice(0, 3).join(', ');
    lines.push(`  let ${id} = ${group} * vec3u(${sizes}) + ${local};`);
  }
  const found = ['@builtin(workgroup_id) foldedGroup: vec3u', ...kept].join(', ');
  const head = `@workgroup_size(${size})\nfn main(${found}) {\n${lines.join('\n')}\n`;
  return code.replace(whole, () => head);
}
