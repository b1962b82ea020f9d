// The columns of the comparison.
import { alignedTable, type Column, columnsWithText } from './aligned-table.ts';
import type { Comparison, Estimate, Row } from './comparison.ts';
import { reportedText } from './reported.ts';

const estimate = ({ mean, margin }: Estimate): string =>
  margin === null ? mean.toFixed(4) : `${mean.toFixed(4)} ± ${margin.toFixed(4)}`;

export const signed = (value: number): string => `${value < 0 ? '−' : '+'}${Math.abs(value).toFixed(4)}`;

const pValue = (p: number | null | undefined): string =>
  p == null ? '' : p < 0.0001 ? '< 0.0001' : p.toFixed(p < 0.01 ? 4 : 3);

function difference({ difference: d }: Row): string {
  if (d === null) return '';
  return d.margin === null ? signed(d.mean) : `${signed(d.mean)} ± ${d.margin.toFixed(4)}`;
}

function seedsToSee({ difference: d }: Row): string {
  if (d === null || d.standardDeviation === null) return '';
  return d.seedsToSee === null ? '> 10,000' : `${d.seedsToSee}`;
}

/** The columns of every form of the table; `stepsDiffer`: that of the steps says something. */
const allColumns = (stepsDiffer: boolean): readonly Column<Row>[] => [
  { title: 'experiment', cell: ({ name }) => name, isNumber: false },
  { title: 'steps', cell: ({ steps }) => (stepsDiffer ? `${steps}` : ''), isNumber: true },
  {
    title: 'report',
    cell: ({ reported }) => (reported === null ? '' : reportedText(reported)),
    isNumber: true,
  },
  { title: 'test accuracy', cell: ({ test }) => estimate(test), isNumber: true },
  {
    title: 'validation',
    cell: ({ validation }) => (validation === null ? '' : estimate(validation)),
    isNumber: true,
  },
  {
    title: 'each seed',
    cell: ({ perSeed }) => perSeed.map((value) => value.toFixed(4)).join(' '),
    isNumber: false,
  },
  { title: 'difference to base', cell: difference, isNumber: true },
  { title: 'p', cell: (row) => pValue(row.difference?.pT), isNumber: true },
  { title: 'p (Holm)', cell: (row) => pValue(row.difference?.pHolm), isNumber: true },
  { title: 'p (permutation)', cell: (row) => pValue(row.difference?.pPermutation), isNumber: true },
  { title: 'seeds for 0.5 points', cell: seedsToSee, isNumber: true },
  { title: 'verdict', cell: ({ verdict }) => verdict, isNumber: false },
  { title: "the report's figure is", cell: ({ reportedVerdict }) => reportedVerdict, isNumber: false },
];

/** The columns that hold anything: with one seed there are no tests. */
export const columnsOf = ({ rows }: Comparison): readonly Column<Row>[] =>
  columnsWithText(allColumns(new Set(rows.map(({ steps }) => steps)).size > 1), rows);

export const markdownTable = (comparison: Comparison): string =>
  alignedTable(columnsOf(comparison), comparison.rows, comparison.notes);
