// What the reports have in common: one HTML file with everything in it, no script, no network.
import type { Column } from './aligned-table.ts';
import { escapeText } from './charts.ts';

const style = `
:root { color-scheme: light dark; --ink: #1a1a1a; --paper: #fff; --line: #d0d0d0; --soft: #666; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8e8e8; --paper: #16181b; --line: #3a3d42; --soft: #a0a0a0; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper); margin: 2rem auto; padding: 0 1rem; max-width: 1160px; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.5rem; }
.table { overflow-x: auto; } table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: 4px 10px; text-align: left; vertical-align: top; }
td { min-width: 9em; } td:first-child { min-width: 0; white-space: nowrap; } td.number { min-width: 0; white-space: nowrap; } td.number, th.number { text-align: right; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 1rem; }
svg { width: 100%; height: auto; } svg text { font-size: 11px; fill: var(--ink); } svg text.title { font-size: 13px; font-weight: 600; }
svg .grid { stroke: var(--line); } svg .reported { fill: none; stroke: var(--ink); stroke-width: 1.5; }
figure { margin: 0; } figcaption, .soft { color: var(--soft); font-size: 13px; } img { image-rendering: pixelated; max-width: 100%; height: auto; }
.key span { display: inline-block; margin-right: 1.2em; } .key i { display: inline-block; width: 1.4em; height: 0.7em; margin-right: 0.4em; }
`;

/** A table, and the notes below it as a list. */
export function htmlTable<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
  notes: readonly string[],
): string {
  const tag = (name: 'th' | 'td', isNumber: boolean, text: string) =>
    `<${name}${isNumber ? ' class="number"' : ''}>${escapeText(text)}</${name}>`;
  const head = columns.map(({ title, isNumber }) => tag('th', isNumber, title)).join('');
  const body = rows.map(
    (row) => `<tr>${columns.map(({ cell, isNumber }) => tag('td', isNumber, cell(row))).join('')}</tr>`,
  );
  const list = notes.map((note) => `<li>${escapeText(note)}</li>`).join('\n');
  return `<div class="table"><table><thead><tr>${head}</tr></thead><tbody>\n${body.join('\n')}\n</tbody></table></div>\n<ul class="soft">${list}</ul>`;
}

/** The whole file. `body` is HTML. */
export const htmlPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeText(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`;
