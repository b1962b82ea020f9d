// The course report's listing of a gradient check.
import type { GradientLine } from '../../reference/gradient-report.ts';

const scientific = (value: number): string =>
  value === 0 ? '0' : Number.isFinite(value) ? value.toExponential(2) : 'not finite';

const columns: readonly { readonly title: string; readonly cell: (line: GradientLine) => string }[] = [
  { title: 'mean', cell: ({ mean }) => scientific(mean) },
  { title: 'std', cell: ({ std }) => scientific(std) },
  { title: 'mean diff', cell: ({ meanDifference }) => scientific(meanDifference) },
  { title: 'std diff', cell: ({ stdDifference }) => scientific(stdDifference) },
  { title: 'max diff', cell: ({ maxDifference }) => scientific(maxDifference) },
  { title: 'limit', cell: ({ limit }) => scientific(limit) },
];

const entries = ({ entries: compared, size }: GradientLine): string =>
  compared === size ? `${size}` : `${compared} of ${size}`;

/** Two lines for each tensor: `layers.0  W  numeric ...` and `GPU ...`. */
export function listing(lines: readonly GradientLine[]): string {
  const rows = lines.map((line, i) => {
    const isFirst = lines[i - 1]?.name !== line.name;
    const isFirstOfLayer = lines[i - 1]?.layer !== line.layer;
    const kinks = line.kinks > 0 ? `  (${line.kinks} more at kinks)` : '';
    return [
      (isFirstOfLayer ? `layers.${line.layer}` : '').padEnd(9),
      (isFirst ? line.parameter : '').padEnd(6),
      line.compared.padEnd(8),
      entries(line).padStart(13),
      ...columns.map(({ cell }) => cell(line).padStart(11)),
      `  ${line.verdict}${kinks}`,
    ].join('');
  });
  const head = [
    'layer'.padEnd(9),
    ''.padEnd(14),
    'entries'.padStart(13),
    ...columns.map(({ title }) => title.padStart(11)),
    '  verdict',
  ].join('');
  return [head, ...rows].join('\n');
}

/** One line: how many are wrong, and what that means. */
export function conclusion(lines: readonly GradientLine[]): string {
  const count = (compared: GradientLine['compared'], verdict: GradientLine['verdict']) =>
    lines.filter((line) => line.compared === compared && line.verdict === verdict).length;
  const tensors = lines.length / 2;
  const problems = [
    [count('numeric', 'wrong'), 'analytic gradients differ from central differences'],
    [count('GPU', 'wrong'), 'gradients of the GPU differ from the reference'],
    [count('GPU', 'unclear'), 'bounds are too wide, ReLUs switch within rounding: try another --seed'],
  ] as const;
  const found = problems
    .filter(([number]) => number > 0)
    .map(([number, what]) => `${number} of ${tensors} ${what}`);
  return found.length === 0 ? `passed: ${tensors} tensors` : `FAILED: ${found.join('; ')}`;
}
