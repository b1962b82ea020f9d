import { html, nothing, type TemplateResult } from 'lit-html';
import { count, duration, milliseconds, percent } from '../../format.ts';
import type { App } from '../../model/app.ts';
import type { LiveRun } from '../../model/live-run.ts';
import { runChip } from '../../model/texts.ts';
import type { TrainingControl } from '../../model/training-control.ts';
import { mean, spread } from '../spread.ts';
import { accuracySummary } from './accuracy-summary.ts';
import { confusionView, guessesView, weightsView } from './pictures.ts';

const kernelWords = { measured: 'measured', default: 'default', brief: 'short, for a brief run' } as const;

/** The live half of the Train view. The charts' elements are made once and filled by LiveCharts. */
export function liveView(app: App, training: TrainingControl): TemplateResult {
  void training.version.value;
  const live = training.live.value;
  return html`
    ${live === undefined ? emptyView() : nothing}
    <div ?hidden=${live === undefined}>
      <section class="card" aria-label="Progress">
        <p class="sentence" id="sentence">${live === undefined ? '' : sentence(app, live)}</p>
        ${live === undefined ? nothing : html`${divergedView(live)} ${numbers(live)}`}
      </section>
      <figure class="card">
        <figcaption>Accuracy</figcaption>
        <div id="chart-accuracy" class="chart"></div>
        <p class="help">Learning rate</p>
        <div id="chart-rate" class="chart strip" role="img" aria-label="Learning rate"></div>
        <p class="help" id="accuracy-summary">${live === undefined ? '' : accuracySummary(live)}</p>
        ${live === undefined ? nothing : metricsTable(live)}
      </figure>
      <figure class="card">
        <figcaption>Loss <span class="quiet">mean cross-entropy, without the L2 term</span></figcaption>
        <div id="chart-loss" class="chart"></div>
      </figure>
      ${live === undefined ? nothing : picturesView(training, live)}
    </div>
  `;
}

const emptyView = (): TemplateResult => html`<section class="card empty">
  <h2>Nothing trains yet</h2>
  <p>
    Choose an experiment and press Train: a neural net learns to tell the ten kinds of pictures of CIFAR-10 apart, on this device’s GPU, in this
    tab. “Quick look” takes the least time. What runs look like afterwards shows <a href="#/runs">a recorded example</a>.
  </p>
</section>`;

function sentence(app: App, live: LiveRun): string {
  const { record } = live;
  const run = app.run.value;
  const seeds = record.train.replicas.length;
  const who = seeds === 1 ? record.name : `${record.name}, ${seeds} seeds`;
  const tests = record.perSeed.flatMap(({ testAccuracy }) => testAccuracy ?? []);
  if (run.state === 'finished' && tests.length > 0) {
    return `${who}: finished after ${duration(record.elapsedMs)}, ${percent(mean(tests))} of the test images are right.`;
  }
  const validation = live.last('validationAccuracy');
  const worth =
    validation === undefined ? '' : `, ${percent(mean(validation))} of the validation images are right`;
  return `${who}: ${runChip(run)}, epoch ${live.epoch.toFixed(1)}${worth}.`;
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

function numbers(live: LiveRun): TemplateResult {
  const { record, ready, msPerStep, objectsPerStep } = live;
  const { batchSize, replicas } = record.train;
  const one = (values: readonly number[] | undefined, text: (value: number) => string) =>
    values === undefined ? '–' : text(mean(values));
  const fixed = (value: number) => value.toFixed(3);
  const tests = record.perSeed.flatMap(({ testAccuracy }) => testAccuracy ?? []);
  const rows: readonly (readonly [id: string, name: string, value: string])[] = [
    ['loss', 'Loss', one(live.last('loss'), fixed)],
    ['training-accuracy', 'Training', one(live.last('accuracy'), percent)],
    ['validation-accuracy', 'Validation', one(live.last('validationAccuracy'), percent)],
    ['test-accuracy', 'Test', tests.length === 0 ? 'at the end' : spread(tests)],
    ['ms-per-step', 'ms per step', msPerStep === undefined ? '–' : milliseconds(msPerStep)],
    [
      'samples-per-second',
      'Samples per second',
      msPerStep === undefined ? '–' : count((1000 * batchSize * replicas.length) / msPerStep),
    ],
    ['dispatches', 'Dispatches per step', ready === undefined ? '–' : count(ready.dispatchesPerStep)],
    [
      'objects',
      'Objects made per step',
      objectsPerStep === undefined ? '–' : String(Number(objectsPerStep.toFixed(2))),
    ],
    ['kernels', 'Kernels', ready === undefined ? '–' : kernelWords[ready.kernels]],
  ];
  return html`<dl class="numbers">
    ${rows.map(
      ([id, name, value]) =>
        html`<div><dt>${name}</dt><dd id=${id} data-text=${value === 'at the end'}>${value}</dd></div>`,
    )}
  </dl>`;
}

/** The validations as a table: the chart for those who do not see it. */
function metricsTable({ metrics, record }: LiveRun): TemplateResult {
  const { validationSteps, validationAccuracy, validationLoss, replicas } = metrics;
  return html`<details class="as-table">
    <summary>Show as table</summary>
    <div class="scroll" tabindex="0" role="region" aria-label="Validation by step">
      <table>
        <thead>
          <tr>
            <th scope="col">Step</th>
            <th scope="col">Validation accuracy</th>
            <th scope="col">Validation loss</th>
          </tr>
        </thead>
        <tbody>
          ${validationSteps.map(
            (step, i) =>
              html`<tr>
                <td>${count(step)}</td>
                <td>${percent(mean(validationAccuracy.slice(i * replicas, (i + 1) * replicas)))}</td>
                <td>${mean(validationLoss.slice(i * replicas, (i + 1) * replicas)).toFixed(3)}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="help">${record.name}, ${replicas === 1 ? 'one seed' : `mean of ${replicas} seeds`}.</p>
  </details>`;
}

function picturesView(training: TrainingControl, { record }: LiveRun): TemplateResult {
  const seed = record.train.replicas[0]?.seed ?? 1;
  const guesses = guessesView(training.guesses.value);
  const weights = weightsView(training.pictures.value);
  const confusion = confusionView(record.perSeed[0]?.confusion);
  return html`
    ${guesses === nothing ? nothing : html`<section class="card"><h2>What it sees</h2><p class="help">Sixteen test images, seed ${seed}, step ${count(training.guesses.value!.step)}.</p>${guesses}</section>`}
    ${weights === nothing ? nothing : html`<section class="card"><h2>First layer</h2><p class="help">The weights of each unit as a picture, seed ${seed}.</p>${weights}</section>`}
    ${confusion === nothing ? nothing : html`<section class="card"><h2>What it takes for what</h2>${confusion}</section>`}
  `;
}
