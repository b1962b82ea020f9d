// What a search found: a table, and a page with pictures of accuracy over lambda and learning rate.
import { alignedTable, type Column, columnsWithText } from './aligned-table.ts';
import { colourOf, dotChart, escapeText, pointChart } from './charts.ts';
import { htmlPage, htmlTable } from './html-page.ts';
import type { Ranked } from './search-ranking.ts';
import type { Point } from './search-space.ts';

export interface SearchReport {
  /** Title of the data set. */
  readonly data: string;
  /** The best first. */
  readonly ranked: readonly Ranked[];
  readonly notes: readonly string[];
  /** Who computed. */
  readonly adapterName: string;
  /** A command that trains the best; null where every candidate diverged. */
  readonly bestCommand: string | null;
}

/** `50, 30`: a net by its hidden widths, or its name. */
export const netName = ({ net, hidden }: Pick<Ranked, 'net' | 'hidden'>): string => net ?? hidden.join(', ');

const four = (value: number | null): string => (value === null ? '' : value.toFixed(4));

/** Columns that say the same in every line are left out. */
function columnsOf(ranked: readonly Ranked[]): readonly Column<Ranked>[] {
  const ifVaried = (cell: (row: Ranked) => string) => {
    const varied = new Set(ranked.map(cell)).size > 1;
    return (row: Ranked) => (varied ? cell(row) : '');
  };
  const seedsApart = ({ trials }: Ranked) =>
    trials.length === 1
      ? ''
      : trials.map(({ validationAccuracy }) => four(validationAccuracy) || 'diverged').join(' ');
  const all: readonly Column<Ranked>[] = [
    { title: 'rank', cell: ({ rank }) => `${rank}`, isNumber: true },
    { title: ranked.some(({ net }) => net !== undefined) ? 'net' : 'hidden', cell: netName, isNumber: false },
    { title: 'optimizer', cell: ifVaried(({ optimizer }) => optimizer), isNumber: false },
    { title: 'lambda', cell: ({ lambda }) => `${lambda}`, isNumber: true },
    { title: 'largest rate', cell: ifVaried(({ lrMax }) => `${lrMax}`), isNumber: true },
    { title: 'round', cell: ifVaried(({ round }) => `${round}`), isNumber: true },
    { title: 'steps', cell: ifVaried(({ steps }) => `${steps}`), isNumber: true },
    {
      title: 'validation accuracy',
      cell: ({ accuracy }) => four(accuracy) || 'diverged',
      isNumber: true,
    },
    {
      title: '95 % interval',
      cell: ({ interval }) => (interval === null ? '' : `${four(interval[0])} to ${four(interval[1])}`),
      isNumber: true,
    },
    { title: 'validation loss', cell: ({ loss }) => four(loss), isNumber: true },
    { title: 'each seed', cell: seedsApart, isNumber: false },
  ];
  return columnsWithText(all, ranked);
}

/** What the reader must know: of scores, where there are any. */
export function searchNotes(ranked: readonly Ranked[], validationImages: number): string[] {
  const seeds = ranked[0]?.trials.length ?? 0;
  const images = validationImages.toLocaleString('en');
  const interval =
    seeds === 1
      ? `The interval is the binomial one of ${images} validation images; it knows nothing of other seeds (--seeds 3 does).`
      : `The interval is Student's, over ${seeds} seeds, all scored on the same ${images} validation images.`;
  const diverged = ranked.filter(({ accuracy }) => accuracy === null).length;
  const most = Math.max(...ranked.map(({ steps }) => steps));
  const left = ranked.filter(({ steps }) => steps < most).length;
  const best = `The best of ${ranked.length} looks better than it is, since all were scored on the same images: train it anew and score that once on the test split, which this search did not use.`;
  return [
    ...(diverged === ranked.length ? [] : [interval, best]),
    ...(diverged === 0 ? [] : [`${diverged} diverged: a loss was not finite.`]),
    ...(left === 0
      ? []
      : [`${left} of ${ranked.length} trained for less than ${most} steps, and rank behind the others.`]),
  ];
}

/** The table, of the first `limit` candidates. */
export const searchTable = ({ ranked, notes }: SearchReport, limit = ranked.length): string =>
  alignedTable(columnsOf(ranked), ranked.slice(0, limit), notes);

const groupName = (candidate: Ranked): string => `${netName(candidate)}, ${candidate.optimizer}`;

/** Accuracy over one coordinate, a colour for each net and optimizer. */
function chartOver(
  ranked: readonly Ranked[],
  name: keyof Point,
  xLabel: string,
  groups: readonly string[],
): string {
  const valuesOf = (key: keyof Point) => new Set(ranked.map((candidate) => candidate[key])).size;
  if (valuesOf(name) < 2) return '';
  const isJoined = valuesOf(name === 'lambda' ? 'lrMax' : 'lambda') === 1;
  const most = Math.max(...ranked.map(({ steps }) => steps));
  return pointChart({
    title: `validation accuracy over ${xLabel}, with 95 % intervals`,
    xLabel,
    series: groups.map((group, i) => ({
      name: group,
      colour: colourOf(i),
      isJoined,
      points: ranked
        .filter((candidate) => groupName(candidate) === group && candidate.steps === most)
        .flatMap(({ [name]: x, accuracy, interval }) =>
          accuracy === null ? [] : [{ x, mean: accuracy, low: interval![0], high: interval![1] }],
        ),
    })),
  });
}

/** The best candidate of each net and optimizer. */
function bestOfEach(ranked: readonly Ranked[], groups: readonly string[]): string {
  const rows = groups.flatMap((group, i) => {
    const best = ranked.find((candidate) => groupName(candidate) === group);
    if (best?.accuracy == null) return [];
    const values = best.trials.flatMap(({ validationAccuracy }) => validationAccuracy ?? []);
    const { accuracy: mean, interval } = best;
    return [{ name: group, colour: colourOf(i), values, mean, interval, reported: null }];
  });
  return rows.length < 2 ? '' : dotChart('the best of each net: seeds (dots), 95 % interval (bars)', rows);
}

/** The page. */
export function searchHtml(report: SearchReport): string {
  const { data, ranked, notes, adapterName, bestCommand } = report;
  const names = [...new Set(ranked.map(groupName))];
  const groups = names.toSorted((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const key = groups
    .map((group, i) => `<span><i style="background:${colourOf(i)}"></i>${escapeText(group)}</span>`)
    .join('');
  const charts = [
    chartOver(ranked, 'lambda', 'lambda', groups),
    chartOver(ranked, 'lrMax', 'largest learning rate', groups),
    bestOfEach(ranked, groups),
  ].filter((chart) => chart !== '');
  return htmlPage(
    'wgrad: a search',
    `<h1>A search among ${ranked.length} candidates</h1>
<p class="soft">${escapeText(data)}, validation split. ${escapeText(adapterName)}. Everything here is made from results.json beside it.</p>
<p class="key">${key}</p>
<div class="charts">
${charts.join('\n')}
</div>
<h2>Candidates</h2>
${htmlTable(columnsOf(ranked), ranked, notes)}
${bestCommand === null ? '' : `<h2>The best, trained anew</h2>\n<pre>${escapeText(bestCommand)}</pre>`}`,
  );
}
