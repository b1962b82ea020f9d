// The page: a button that trains the base experiment in the engine's worker, and what becomes of it.
import { DATA_URL } from '../data/cifar10.ts';
import { experiments, trainSettings } from '../experiments/experiments.ts';
import type { FromWorker } from '../train/messages.ts';
import { Chart } from './chart.ts';
import { History } from './history.ts';
import { webGpuProblem } from './problem.ts';
import { type Run, startRun } from './run.ts';
import { afterMessage, isRunning, type PageState } from './state.ts';
import { keepTuning, readTunings, type Tunings } from './tuning-store.ts';
import { View } from './view.ts';

const base = experiments.find(({ name }) => name === 'base')!;
const settings = trainSettings(base.settings, { seeds: [1], shuffle: true, reportSteps: 10 });

const view = new View();
const chart = new Chart(view.chart, settings.steps);
let state: PageState = { phase: 'checking' };
let history = new History();
let run: Run | undefined;
let drawing = false;
let tunings: Tunings = {};

/** Shows the state with the next frame: the worker may report more often than there are frames. */
function update(next: PageState): void {
  state = next;
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    view.show(state, settings, performance.now());
    chart.show(history);
  });
}

function receive(message: FromWorker): void {
  if (message.type === 'report') history.addReport(message.report);
  if (message.type === 'validation') history.addValidation(message.report);
  if (message.type === 'tuned') {
    tunings = { ...tunings, [message.tuning.key]: message.tuning.ops };
    void keepTuning(message.tuning);
  }
  update(afterMessage(state, message, performance.now()));
}

view.train.addEventListener('click', () => {
  if (isRunning(state)) return;
  run?.end();
  history = new History();
  const tuning = { budgetMs: 8000, known: tunings, afterwards: true };
  run = startRun({ type: 'start', dataUrl: DATA_URL, settings, tuning, checkpoints: false }, receive);
  update({ phase: 'starting' });
});

view.stop.addEventListener('click', () => {
  if (!isRunning(state)) return;
  if (state.phase === 'training') {
    run?.stop();
    update({ ...state, phase: 'stopping' });
  } else {
    run?.end();
    update({ ...state, phase: 'stopped', endedMs: performance.now() });
  }
});

window.addEventListener('beforeunload', (event) => {
  if (isRunning(state)) event.preventDefault();
});

// The clock goes on between reports.
setInterval(() => {
  if (isRunning(state)) update(state);
}, 1000);

view.describe(settings);
tunings = await readTunings();
const problem = await webGpuProblem();
update(problem === undefined ? { phase: 'idle' } : { phase: 'unsupported', problem });
