import { type Analysis, isComparison } from '../analysis.ts';
import type { ListedGroup } from '../protocol.ts';
import { duration } from './format.ts';
import {
  baselineTable,
  findings,
  groupTable,
  headerLines,
  profileTable,
  skippedLines,
  type Table,
} from './tables.ts';

/** A table in columns of spaces. */
export function textTable({ columns, rows }: Table): string {
  const isRight = columns.map((column) => column.startsWith('>'));
  const lines = [columns.map((column) => column.replace(/^>/, '')), ...rows];
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, index) => (isRight[index] ? cell.padStart(widths[index]!) : cell.padEnd(widths[index]!)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Everything that fits a terminal: header, tables, findings. */
export function terminalReport(analysis: Analysis): string {
  const header = textTable({ columns: ['', ''], rows: headerLines(analysis) }).trim();
  const groups = analysis.groups.map((analysed) => {
    const { group, rounds, skipped, warnings } = analysed;
    const clock = group.clock === 'wall' ? ', WALL CLOCK' : '';
    return [
      `${group.suite}: ${group.title}  (${rounds} rounds${clock})`,
      ...(group.rows.length > 0 ? [indent(textTable(groupTable(analysed)))] : []),
      ...skippedLines(skipped).map((line) => `  ${line}`),
      ...warnings.map((warning) => `  warning: ${warning}`),
    ].join('\n');
  });
  const profiles = analysis.profiles.map(
    (profile) =>
      `profile of ${profile.group}, ${profile.row} (median of ${profile.dispatches[0]?.durationNs.length ?? 0} steps)\n` +
      indent(textTable(profileTable(profile, analysis))),
  );
  const baseline = baselineTable(analysis, false);
  const conclusions = findings(analysis);
  return [
    header,
    ...groups,
    ...profiles,
    ...(baseline !== undefined && baseline.rows.length > 0
      ? [`against the baseline\n${textTable(baseline)}`]
      : []),
    ...(conclusions.length > 0 ? [`findings\n${conclusions.map((line) => `  ${line}`).join('\n')}`] : []),
    ...(analysis.groups.some(({ group }) => isComparison(group))
      ? [
          `* what the engine chooses without measurements; an empty dispatch takes ${duration(analysis.roofline?.emptyDispatchNs ?? Number.NaN)}`,
        ]
      : []),
  ].join('\n\n');
}

const indent = (text: string): string => text.replace(/^/gm, '  ');

/** `--list` */
export function listText(groups: readonly ListedGroup[]): string {
  return groups
    .map(({ suite, id, rows, skipped }) =>
      [
        `${suite.padEnd(8)} ${id}`,
        `           ${rows.join(', ')}`,
        ...skippedLines(skipped).map((line) => `           ${line}`),
      ].join('\n'),
    )
    .join('\n');
}
