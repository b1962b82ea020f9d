// Tables as Markdown, aligned so that they can be read as they stand.

/** A column of a table with rows of type T. */
export interface Column<T> {
  readonly title: string;
  /** Text of a cell; `''` for nothing. */
  readonly cell: (row: T) => string;
  readonly isNumber: boolean;
}

/** The columns that hold anything. */
export const columnsWithText = <T>(columns: readonly Column<T>[], rows: readonly T[]): readonly Column<T>[] =>
  columns.filter(({ cell }) => rows.some((row) => cell(row) !== ''));

/** Head, rule and rows, and the notes below them as a list. */
export function alignedTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  notes: readonly string[],
): string {
  const lines = [
    columns.map(({ title }) => title),
    ...rows.map((row) => columns.map(({ cell }) => cell(row))),
  ];
  const widths = columns.map((_, c) => Math.max(3, ...lines.map((line) => line[c]!.length)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, c) => (columns[c]!.isNumber ? cell.padStart(widths[c]!) : cell.padEnd(widths[c]!))).join(' | ')} |`;
  const rule = columns.map(({ isNumber }, c) =>
    isNumber ? `${'-'.repeat(widths[c]! - 1)}:` : '-'.repeat(widths[c]!),
  );
  const [head, ...body] = lines;
  return [line(head!), line(rule), ...body.map(line), '', ...notes.map((note) => `- ${note}`), ''].join('\n');
}
