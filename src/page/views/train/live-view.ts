import { html, nothing, type TemplateResult } from 'lit-html';
import { overViewsWords } from '../../../data/test-views.ts';
import { count, duration, loss, milliseconds, percent } from '../../format.ts';
import type { App } from '../../model/app.ts';
import { variantsText } from '../../model/form.ts';
import type { LiveRun } from '../../model/live-run.ts';
import {
  goesOnFrom,
  isUnfinished,
  meanOf,
  type RunRecord,
  testAccuracy,
  testedSeeds,
  testsOverViews,
} from '../../model/run-record.ts';
import { isBusy, missingBytes } from '../../model/status.ts';
import { otherTab, overViewsText, runChip, trainLabel } from '../../model/texts.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { spread } from '../spread.ts';
import { chartSummary, charts } from './chart-summary.ts';
import { confusionView, guessesView, ownPictureView, weightsView } from './pictures.ts';

const kernelWords = { measured: 'measured', default: 'default', brief: 'short, for a brief run' } as const;

/** The live half of the Train view. The charts' elements are made once and filled by LiveCharts. */
export function liveView(app: App, training: TrainingControl): TemplateResult {
  void training.version.value;
  const live = training.live.value;
  return html`
    ${live === undefined ? emptyView(app, training) : nothing}
    <div ?hidden=${live === undefined}>
      <section class="card" aria-label="Progress">
        <p class="sentence" id="sentence" tabindex="-1">${live === undefined ? '' : sentence(app, live)}</p>
        ${live === undefined ? nothing : html`${divergedView(live)} ${numbers(app, live)} ${nextView(app, training, live)}`}
      </section>
      <figure class="card">
        <figcaption>Accuracy</figcaption>
        <div id="chart-accuracy" class="chart" role="img" aria-label="Accuracy"></div>
        <p class="help">Learning rate</p>
        <div id="chart-rate" class="chart strip" role="img" aria-label="Learning rate"></div>
        ${live === undefined ? nothing : inWords(live, 'accuracy')}
      </figure>
      <figure class="card">
        <figcaption>Loss <span class="quiet">mean cross-entropy, without the L2 term</span></figcaption>
        <div id="chart-loss" class="chart" role="img" aria-label="Loss"></div>
        ${live === undefined ? nothing : inWords(live, 'loss')}
      </figure>
      ${live === undefined ? nothing : picturesView(app, training, live)}
    </div>
  `;
}

function emptyView(app: App, training: TrainingControl): TemplateResult {
  const runs = training.runs.runs.value;
  const elsewhere = runs.find(({ state }) => state === 'running');
  if (elsewhere !== undefined) {
    return html`<section class="card empty">
      <h2>${otherTab.title}</h2>
      <p>${elsewhere.name}. ${otherTab.text}</p>
    </section>`;
  }
  const newest = runs.find(({ origin }) => origin === 'here');
  if (newest !== undefined && isUnfinished(newest)) {
    const { name, state } = newest;
    return html`<section class="card">
      <p class="sentence" id="unfinished">${name} was ${state} at step ${count(goesOnFrom(newest))}.</p>
      ${goOnView(app, training, newest)}
    </section>`;
  }
  return html`<section class="card empty">
  <h2>Nothing trains yet</h2>
  <p>
    Choose an experiment and press Train: a neural net learns to tell the ten kinds of pictures of CIFAR-10 apart, on this device’s GPU, in this
    tab. “Quick look” takes the least time. ${
      newest === undefined
        ? html`See <a href="#/runs">a recorded example</a> of what runs look like.`
        : html`<a href="#/runs">Runs</a> has what was trained here.`
    }
  </p>
</section>`;
}

const goOnView = (
  app: App,
  training: TrainingControl,
  run: RunRecord,
): TemplateResult => html`<p class="buttons">
  <button
    type="button"
    class="primary"
    data-act="go-on"
    ?disabled=${app.isMeasuring.value}
    @click=${() => training.goOn(run)}
  >
    ${trainLabel('Go on', missingBytes(app.data.value))}
  </button>
  <a href="#/runs">All runs</a>
</p>`;

/** What can be done with a run that is over. */
function nextView(app: App, training: TrainingControl, { record }: LiveRun): TemplateResult | typeof nothing {
  const run = training.runs.find(record.id);
  if (run === undefined || isBusy(app.run.value)) return nothing;
  if (isUnfinished(run)) return goOnView(app, training, run);
  if (record.state !== 'finished') return nothing;
  return html`<p class="help" id="next"><a href="#/runs">Runs</a> compares it with others, and has its weights as a file.</p>`;
}

function sentence(app: App, live: LiveRun): string {
  const { record } = live;
  const run = app.run.value;
  const seeds = record.train.replicas.length;
  const who = seeds === 1 ? record.name : `${record.name}, ${seeds} seeds`;
  const test = testAccuracy(record);
  // A seed is worth nothing once it has diverged.
  const rest = live.diverged.size === 0 ? '' : ', those seeds apart that diverged';
  if (record.state === 'finished' && test !== undefined) {
    return `${who}: finished after ${duration(record.elapsedMs)}, ${percent(test)} of the test images are right${overViewsText(record)}${rest}.`;
  }
  const validation = live.last('validationAccuracy');
  const worth =
    validation === undefined ? '' : `, ${percent(validation)} of the validation images are right${rest}`;
  return `${who}: ${runChip(run, live)}, epoch ${live.epoch.toFixed(1)}${worth}.`;
}

function divergedView({ diverged, record }: LiveRun): TemplateResult | typeof nothing {
  if (diverged.size === 0) return nothing;
  const seeds = Array.from(
    diverged,
    ([replica, step]) => `seed ${record.train.replicas[replica]?.seed} at step ${count(step)}`,
  );
  return html`<p class="alarm" id="diverged">
    Diverged: the loss is not finite, ${seeds.join(', ')}. The run is kept; a smaller learning rate may help.
  </p>`;
}

const one = (value: number | undefined, text: (value: number) => string): string =>
  value === undefined ? '–' : text(value);

function numbers(app: App, live: LiveRun): TemplateResult {
  const { record, ready, msPerStep, objectsPerStep } = live;
  const { batchSize, replicas, testViews } = record.train;
  const tests = testedSeeds(record).map((score) => score.testAccuracy);
  const spreadOf = (values: readonly number[]) =>
    values.length > 0 ? spread(values) : isBusy(app.run.value) ? 'at the end' : '–';
  const rows: readonly (readonly [id: string, name: string, value: string] | undefined)[] = [
    ['loss', 'Loss', one(live.last('loss'), loss)],
    ['training-accuracy', 'Training', one(live.last('accuracy'), percent)],
    ['validation-accuracy', 'Validation', one(live.last('validationAccuracy'), percent)],
    ['test-accuracy', 'Test', spreadOf(tests)],
    testViews && ['test-over-views', `Test ${overViewsWords(testViews)}`, spreadOf(testsOverViews(record))],
    ['ms-per-step', 'ms per step', one(msPerStep, milliseconds)],
    [
      'samples-per-second',
      'Samples per second',
      one(msPerStep, (ms) => count((1000 * batchSize * replicas.length) / ms)),
    ],
    ['dispatches', 'Dispatches per step', one(ready?.dispatchesPerStep, count)],
    [
      'objects',
      'Objects made per step',
      one(objectsPerStep, (objects) => String(Number(objects.toFixed(2)))),
    ],
    [
      'kernels',
      'Kernels',
      ready === undefined
        ? '–'
        : kernelWords[record.kernels] + (variantsText(record.forced ?? {}) && ', some forced'),
    ],
  ];
  return html`<dl class="numbers">
    ${rows.map((row) => {
      if (row === undefined) return nothing;
      const [id, name, value] = row;
      return html`<div><dt>${name}</dt><dd id=${id} data-text=${value === 'at the end'}>${value}</dd></div>`;
    })}
  </dl>
  ${tests.length > 1 ? html`<p class="help">±: the standard deviation over seeds.</p>` : nothing}`;
}

/** A chart for those who do not see it: a sentence, and its validations as a table. */
function inWords(live: LiveRun, chart: keyof typeof charts): TemplateResult {
  const { metrics, record } = live;
  const { validationSteps, validationLoss, replicas } = metrics;
  const [column, text] = charts[chart];
  // Of the seeds that have not diverged by then.
  const finite = (row: number) =>
    metrics[column]
      .slice(row * replicas, (row + 1) * replicas)
      .filter((_, r) => Number.isFinite(validationLoss[row * replicas + r]));
  return html`<p class="help" id="${chart}-summary">${chartSummary(live, chart)}</p>
  <details class="as-table">
    <summary>Show as table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Validation ${chart} by step">
      <table>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Validation ${chart}</th>
          </tr>
        </thead>
        <tbody>
          ${validationSteps.map(
            (step, i) =>
              html`<tr>
                <td>${count(step)}</td>
                <td>${one(meanOf(finite(i)), text)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="help">${record.name}, ${replicas === 1 ? 'one seed' : `mean of ${replicas} seeds`}.</p>
  </details>`;
}

function picturesView(app: App, training: TrainingControl, { record, diverged }: LiveRun): TemplateResult {
  const seed = record.train.replicas[0]?.seed ?? 1;
  const guesses = guessesView(training.guesses.value);
  const own =
    record.hasWeights && !isBusy(app.run.value)
      ? ownPictureView(training.ownPicture.value, (file) => training.guessPicture(file))
      : nothing;
  const weights = weightsView(training.pictures.value);
  // A net that diverged takes everything for the first class.
  const confusion = confusionView(
    record.perSeed.flatMap(({ confusion, divergedAtStep }) =>
      confusion === null || divergedAtStep !== null ? [] : [confusion],
    ),
  );
  return html`
    ${guesses === nothing ? nothing : html`<section class="card"><h2>What it sees</h2><p class="help">Sixteen test images, seed ${seed}, step ${count(training.guesses.value!.step)}.</p>${guesses}${own}</section>`}
    ${weights === nothing ? nothing : html`<section class="card"><h2>First layer</h2><p class="help">The weights of each unit or filter as a picture, seed ${seed}.${diverged.has(0) ? ' It diverged: what is not finite is black.' : nothing}</p>${weights}</section>`}
    ${confusion === nothing ? nothing : html`<section class="card"><h2>What it takes for what</h2>${confusion}</section>`}
  `;
}
