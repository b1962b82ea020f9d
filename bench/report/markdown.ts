import type { Analysis } from '../analysis.ts';
import {
  baselineTable,
  findings,
  groupTable,
  headerLines,
  profileTable,
  skippedLines,
  type Table,
} from './tables.ts';

const escapeCell = (text: string): string => text.replaceAll('|', '\\|').replace(/\*$/, '\\*');

export function markdownTable({ columns, rows }: Table): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [
    line(columns.map((column) => column.replace(/^>/, ''))),
    `|${columns.map((column) => (column.startsWith('>') ? ' ---: ' : ' --- ')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
}

/** The whole report as GitHub shows it. */
export function markdownReport(analysis: Analysis): string {
  const { file, groups, profiles } = analysis;
  const conclusions = findings(analysis);
  const baseline = baselineTable(analysis, true);
  const sections = [
    `# Benchmark, ${file.header.startedAt.slice(0, 10)}, ${file.header.adapterName}`,
    markdownTable({ columns: ['', ''], rows: headerLines(analysis) }),
    ...(conclusions.length > 0 ? ['## Findings', conclusions.map((line) => `- ${line}`).join('\n')] : []),
    ...(baseline === undefined ? [] : ['## Against the baseline', markdownTable(baseline)]),
    '`*`: what the engine chooses without measurements. `roofline`: share of the speed that min(peak, intensity x bandwidth) allows; `mem` where bandwidth is the limit.',
  ];
  let suite = '';
  for (const analysed of groups) {
    const { group, rounds, skipped, warnings } = analysed;
    if (group.suite !== suite) sections.push(`## Suite ${group.suite}`);
    suite = group.suite;
    sections.push(`### ${group.title}`);
    const about = [`${rounds} rounds`, ...(group.clock === 'wall' ? ['wall clock'] : [])];
    if (group.usedBy.length > 0) about.push(`used by ${group.usedBy.join(', ')}`);
    sections.push(`${about.join('; ')}.`);
    if (group.rows.length > 0) sections.push(markdownTable(groupTable(analysed)));
    const notes = [
      ...skippedLines(skipped).map((line) => `- ${line}`),
      ...warnings.map((warning) => `- warning: ${warning}`),
    ];
    if (notes.length > 0) sections.push(notes.join('\n'));
  }
  for (const profile of profiles) {
    sections.push(
      `## Profile of ${profile.group}, ${profile.row}`,
      `Each dispatch in a pass of its own, median of ${profile.dispatches[0]?.durationNs.length ?? 0} steps.`,
      markdownTable(profileTable(profile, analysis)),
    );
  }
  return `${sections.join('\n\n')}\n`;
}
