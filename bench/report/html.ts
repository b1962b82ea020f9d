// report.html: one file, no scripts, nothing loaded from anywhere.

import type { SuiteName } from '../../src/measure/schema.ts';
import type { AnalysedGroup, Analysis } from '../analysis.ts';
import style from './style.css?raw';
import { colours, escapeHtml } from './svg.ts';
import { intervalPlot } from './svg-intervals.ts';
import { rooflinePlot } from './svg-roofline.ts';
import { timeline } from './svg-timeline.ts';
import {
  baselineTable,
  findings,
  groupTable,
  headerLines,
  profileTable,
  skippedLines,
  type Table,
} from './tables.ts';

function htmlTable({ columns, rows }: Table): string {
  const cell = (tag: 'td' | 'th', text: string, index: number) =>
    `<${tag}${columns[index]?.startsWith('>') ? ' class="number"' : ''}>${escapeHtml(text.replace(/^>/, ''))}</${tag}>`;
  const head = columns.map((column, index) => cell('th', column, index)).join('');
  const body = rows
    .map((row) => `<tr>${row.map((text, index) => cell('td', text, index)).join('')}</tr>`)
    .join('\n');
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const note = (text: string, className = 'note'): string => `<p class="${className}">${escapeHtml(text)}</p>`;

const headings: Readonly<Record<SuiteName, string>> = {
  peaks: "The adapter's own speed",
  kernels: 'Kernels',
  train: 'Training steps',
  peers: 'Peers',
  start: 'The start of a command',
  page: 'Training on the page',
};

function section(analysed: AnalysedGroup): string {
  const { group, rounds, skipped, warnings } = analysed;
  const about = [`${rounds} rounds`, ...(group.clock === 'wall' ? ['wall clock'] : [])];
  if (group.usedBy.length > 0) about.push(`used by ${group.usedBy.join(', ')}`);
  return [
    `<h3>${escapeHtml(group.title)}</h3>`,
    note(about.join('; ')),
    intervalPlot(analysed),
    group.rows.length > 0 ? htmlTable(groupTable(analysed)) : '',
    ...skippedLines(skipped).map((line) => note(line)),
    ...warnings.map((warning) => note(`warning: ${warning}`)),
    ...group.rows
      .filter(({ validation }) => !validation.ok)
      .map(({ validation }) => note(validation.how, 'note wrong')),
  ].join('\n');
}

/** The whole report. */
export function htmlReport(analysis: Analysis): string {
  const { file, groups, profiles } = analysis;
  const title = `wgrad benchmark, ${file.header.startedAt.slice(0, 10)}, ${file.header.adapterName}`;
  const conclusions = findings(analysis);
  const baseline = baselineTable(analysis, true);
  const suites = [...new Set(groups.map(({ group }) => group.suite))].sort(
    (a, b) => Number(a === 'peaks') - Number(b === 'peaks'),
  );
  const ops = [
    ...groups.filter(({ group }) => group.suite === 'kernels').map(({ group }) => group.op),
    ...profiles.flatMap(({ dispatches }) => dispatches.map(({ op }) => op)),
  ];
  const colour = colours(ops);
  const roofline = rooflinePlot(analysis, colour);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<h1>${escapeHtml(title)}</h1>
${htmlTable({ columns: ['', ''], rows: headerLines(analysis) })}
${conclusions.length > 0 ? `<h2>Findings</h2><ul>${conclusions.map((text) => `<li>${escapeHtml(text)}</li>`).join('')}</ul>` : ''}
${baseline === undefined ? '' : `<h2>Against the baseline</h2>${htmlTable(baseline)}`}
${note('Each dot is a sample, the thin line spans 10 % to 90 % of them, the bar is the 95 % interval of the median: green for the smallest median, light green where it is not shown to be slower. * marks what the engine chooses without measurements.')}
${profiles
  .map(
    (profile) =>
      `<h2>A step, kernel by kernel: ${escapeHtml(profile.group)}</h2>${note(`each dispatch in a pass of its own; the step whose length is nearest to the median of ${profile.dispatches[0]?.durationNs.length ?? 0}`)}${timeline(profile, colour)}<details><summary>table</summary>${htmlTable(profileTable(profile, analysis))}</details>`,
  )
  .join('\n')}
${roofline === '' ? '' : `<h2>Roofline</h2>${note('the fastest variant of each kernel and shape')}${roofline}`}
${suites
  .map(
    (suite) =>
      `<h2>${headings[suite]}</h2>${groups
        .filter(({ group }) => group.suite === suite)
        .map(section)
        .join('\n')}`,
  )
  .join('\n')}
</body>
</html>
`;
}
