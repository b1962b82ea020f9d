// The report: one HTML file with everything in it.
import { datasetOf } from '../data/datasets/index.ts';
import { learningRate } from '../optim/schedule.ts';
import { accuracyByTime, timeColumns, timeNotes } from './accuracy-by-time.ts';
import { colourOf, confusionChart, dotChart, escapeText, lineChart, type Series } from './charts.ts';
import type { Comparison } from './comparison.ts';
import type { CurvePoint, Curves } from './curves.ts';
import { htmlPage, htmlTable } from './html-page.ts';
import type { ExperimentResult, Results } from './results.ts';
import { columnsOf } from './table.ts';
import type { WeightImage } from './weight-image.ts';

/** What belongs to a training, which several experiments may share. */
export interface TrainingRecord {
  readonly curves: Curves;
  readonly weights: WeightImage;
}

export interface ReportInput {
  readonly results: Results;
  readonly comparison: Comparison;
  /** By `trainedAs`. */
  readonly trainings: Readonly<Record<string, TrainingRecord>>;
}

const group = (results: Results): Map<string, ExperimentResult[]> => {
  const groups = new Map<string, ExperimentResult[]>();
  for (const result of results)
    groups.set(result.trainedAs, [...(groups.get(result.trainedAs) ?? []), result]);
  return groups;
};

/** The rate of every step that matters for the picture. */
function schedulePoints({ settings, stepsPerEpoch }: ExperimentResult): CurvePoint[] {
  const { schedule, steps } = settings;
  const count = Math.min(steps, 400);
  return Array.from({ length: count }, (_, i) => {
    const step = count < 2 ? 0 : Math.round((i * (steps - 1)) / (count - 1));
    const rate = learningRate(schedule, step);
    return { x: step / stepsPerEpoch, mean: rate, low: rate, high: rate };
  });
}

function sumOfConfusions({ perSeed }: ExperimentResult): number[] {
  const first = perSeed[0]!.confusion;
  return first.map((_, i) => perSeed.reduce((sum, { confusion }) => sum + confusion[i]!, 0));
}

/** `base, precise-bn`: the names of experiments with one training. */
const nameOf = (members: readonly ExperimentResult[]): string => members.map(({ name }) => name).join(', ');

/** The whole file. */
export function reportHtml({ results, comparison, trainings }: ReportInput): string {
  const groups = [...group(results)].map(([trainedAs, members], i) => ({
    trainedAs,
    members,
    colour: colourOf(i),
    ...trainings[trainedAs]!,
  }));
  const curve = (title: string, key: keyof Curves) =>
    lineChart({
      title,
      xLabel: 'epoch',
      series: groups.map(
        ({ members, colour, curves }): Series => ({ name: nameOf(members), colour, points: curves[key] }),
      ),
    });
  const schedules = lineChart({
    title: 'learning rate',
    xLabel: 'epoch',
    isLog: true,
    series: groups.map(
      ({ members, colour }): Series => ({
        name: nameOf(members),
        colour,
        points: schedulePoints(members[0]!),
      }),
    ),
  });
  const key = groups
    .map(
      ({ members, colour }) =>
        `<span><i style="background:${colour}"></i>${escapeText(nameOf(members))}</span>`,
    )
    .join('');
  const colourOfRow = (name: string) =>
    groups.find(({ members }) => members.some((member) => member.name === name))?.colour ?? colourOf(6);
  const byTime = accuracyByTime(
    results,
    Object.fromEntries(groups.map(({ trainedAs, curves }) => [trainedAs, curves])),
  );
  const timed =
    byTime === undefined
      ? ''
      : `<h2>Accuracy by time</h2>\n${htmlTable(timeColumns(byTime), byTime.rows, timeNotes(results))}`;
  const dots = dotChart(
    'test accuracy: seeds (dots), mean with 95 % interval (bars), the report (diamonds)',
    comparison.rows.map(({ name, perSeed, test, reported }) => ({
      name,
      colour: colourOfRow(name),
      values: perSeed,
      mean: test.mean,
      interval: test.margin === null ? null : [test.mean - test.margin, test.mean + test.margin],
      reported,
    })),
  );
  const seeds = results[0]!.perSeed.map(({ seed }) => seed);
  const confusions = results.map(
    (result) =>
      `<figure>${confusionChart(result.name, sumOfConfusions(result), datasetOf(result.settings).classNames)}</figure>`,
  );
  const weights = groups.map(
    ({ members, weights: { url, width, height } }) =>
      `<figure><img src="${url}" width="${2 * width}" height="${2 * height}" alt="first-layer weights of ${escapeText(nameOf(members))}"><figcaption>${escapeText(nameOf(members))}, seed ${seeds[0]}</figcaption></figure>`,
  );
  const settings = results.map(({ name, what, tuned, settings: own, ...run }) => {
    const text = JSON.stringify(own, null, 1);
    const origin =
      tuned === null ? '' : ` Tuned settings (${escapeText(tuned.origin)}): ${escapeText(tuned.note)}.`;
    const speed = `${run.steps} steps${run.msPerStep === null ? '' : `, ${run.msPerStep.toFixed(2)} ms each for all seeds`}, ${run.dispatchesPerStep} dispatches; ${(run.modelBytesPerSeed / 1e6).toFixed(1)} MB of GPU memory per seed.`;
    const where = `${run.adapter.name}; ${run.browser}; ${run.finishedAt.slice(0, 16)}Z`;
    return `<details><summary><b>${escapeText(name)}</b>: ${escapeText(what)}</summary><p class="soft">${origin} ${speed} ${escapeText(where)}</p><pre>${escapeText(text)}</pre></details>`;
  });
  return htmlPage(
    'wgrad: the experiments',
    `<h1>The experiments, ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'} each</h1>
<p class="soft">${escapeText(datasetOf(results[0]!.settings).title)}. Seeds ${seeds.join(', ')}. ${escapeText(results[0]!.adapter.name)}. Everything here is made from results.json and metrics.jsonl beside it.</p>
<h2>Test accuracy</h2>
${dots}
${htmlTable(columnsOf(comparison), comparison.rows, comparison.notes)}
<h2>Training</h2>
<p class="soft">Lines: mean over seeds. Bands: smallest to largest seed. Experiments that differ only in batch-norm statistics are one training.</p>
<p class="key">${key}</p>
<div class="charts">
${[
  curve('validation accuracy', 'validationAccuracy'),
  curve('validation loss', 'validationLoss'),
  curve('training accuracy', 'trainingAccuracy'),
  curve('training loss', 'trainingLoss'),
  schedules,
].join('\n')}
</div>
${timed}
<h2>Confusion matrices</h2>
<p class="soft">Rows: true class; columns: predicted; percent of the row, all seeds together.</p>
<div class="charts">
${confusions.join('\n')}
</div>
<h2>First-layer weights</h2>
<p class="soft">One image per unit, in the colours of the pixels; grey is 0, each unit scaled by its largest weight.</p>
<div class="charts">
${weights.join('\n')}
</div>
<h2>Settings</h2>
${settings.join('\n')}`,
  );
}
