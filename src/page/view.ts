import type { TrainSettings } from '../train/settings.ts';
import { count, duration, megabytes, milliseconds, none, percent, rate } from './format.ts';
import { isRunning, type PageState } from './state.ts';

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} with the id ${id}`);
  return found;
}

/** Writes only what changes, so that nothing is announced or laid out again for nothing. */
function setText(node: HTMLElement, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** The page's elements, and how a state is shown in them. */
export class View {
  readonly train = element('train', HTMLButtonElement);
  readonly stop = element('stop', HTMLButtonElement);
  readonly chart = element('chart', HTMLElement);
  readonly #progress = element('progress', HTMLProgressElement);
  #shownProblem: PageState['problem'];

  /** What does not change: the run that the button starts. */
  describe(settings: TrainSettings): void {
    const { net, optimizer, batchSize, steps, valSize, reportSteps } = settings;
    const parts = [
      `${net.hidden.length + 1} layers, hidden ${net.hidden.join(', ')}`,
      net.batchNorm === null ? 'no batch norm' : 'batch norm',
      `${optimizer.kind === 'sgd' ? 'SGD' : 'Adam'}, cyclical learning rate`,
      `${count(steps)} steps of ${batchSize} images`,
      `${count(50_000 - valSize)} training images`,
    ];
    setText(element('net', HTMLElement), parts.join(' · '));
    setText(element('report-steps', HTMLElement), String(reportSteps));
  }

  show(state: PageState, settings: TrainSettings, nowMs: number): void {
    this.#showButtons(state);
    setText(element('state', HTMLElement), stateText(state));
    setText(element('detail', HTMLElement), detailText(state));
    document.body.dataset.phase = state.phase;
    this.#progress.value = fraction(state, settings);
    for (const [id, text] of Object.entries(numbers(state, settings, nowMs)))
      setText(element(id, HTMLElement), text);
    this.#showProblem(state.problem);
  }

  /** One button is always for now, and the keyboard's focus goes with it. */
  #showButtons(state: PageState): void {
    const running = isRunning(state);
    const focused = document.activeElement;
    this.train.disabled = running || state.phase === 'checking' || state.phase === 'unsupported';
    this.stop.disabled = !running;
    if (focused === this.train && running) this.stop.focus();
    if (focused === this.stop && !running) this.train.focus();
  }

  #showProblem(problem: PageState['problem']): void {
    if (problem === this.#shownProblem) return;
    this.#shownProblem = problem;
    const details = element('problem-details', HTMLElement);
    setText(element('problem-title', HTMLElement), problem?.title ?? '');
    setText(element('problem-text', HTMLElement), problem?.text ?? '');
    setText(details, problem?.details ?? '');
    details.hidden = problem?.details === undefined;
    element('problem-advice', HTMLElement).replaceChildren(
      ...(problem?.advice ?? []).map((advice) => {
        const item = document.createElement('li');
        item.textContent = advice;
        return item;
      }),
    );
    element('problem', HTMLElement).hidden = problem === undefined;
  }
}

/** Announced by screen readers: changes with the phase alone. */
function stateText({ phase, report, result }: PageState): string {
  switch (phase) {
    case 'checking':
      return 'Looking for WebGPU';
    case 'unsupported':
      return 'Training is not possible here';
    case 'idle':
      return 'Ready';
    case 'starting':
      return 'Starting the engine';
    case 'loading':
      return 'Loading the data';
    case 'training':
      return 'Training';
    case 'testing':
      return 'Testing';
    case 'stopping':
      return 'Stopping';
    case 'stopped':
      return `Stopped${report === undefined ? '' : ` at step ${count(result?.step ?? report.step)}`}`;
    case 'done':
      return `Done: test accuracy ${percent(result!.test![0]!.accuracy)}`;
    case 'failed':
      return 'Failed';
  }
}

/** Beside the state, for the eyes: changes often. */
function detailText({ phase, adapter, loaded, tuning }: PageState): string {
  if (tuning !== undefined) return `Measuring kernels for the next run: ${tuning.done} of ${tuning.total}`;
  switch (phase) {
    case 'unsupported':
      return 'See below what is missing.';
    case 'failed':
      return 'See below what happened.';
    case 'idle':
      return 'Loads the data, then trains.';
    case 'loading':
      return `${megabytes(loaded!.doneBytes)} of ${megabytes(loaded!.totalBytes)} MB`;
    case 'stopping':
      return 'After the steps already submitted. Press Stop again to end at once.';
    default:
      if (adapter === undefined) return '';
      return `${adapter.adapter.software ? 'On the CPU: ' : 'On '}${adapter.name}`;
  }
}

function fraction({ phase, loaded, report }: PageState, { steps }: TrainSettings): number {
  if (phase === 'loading') return loaded!.doneBytes / loaded!.totalBytes;
  return (report?.step ?? 0) / steps;
}

/** Text by element. */
function numbers(state: PageState, settings: TrainSettings, nowMs: number): Record<string, string> {
  const { ready, report, result, validationAccuracy, startedMs, endedMs } = state;
  const shown = <T>(value: T | undefined | null, text: (value: T) => string) =>
    value === undefined || value === null ? none : text(value);
  const elapsedMs = startedMs === undefined ? undefined : (endedMs ?? nowMs) - startedMs;
  const remainingMs =
    report === undefined || elapsedMs === undefined || !isRunning(state)
      ? undefined
      : (elapsedMs / report.step) * (settings.steps - report.step);
  const epochs = ready && settings.steps / ready.stepsPerEpoch;
  return {
    loss: shown(report?.loss[0], (loss) => loss.toFixed(3)),
    'training-accuracy': shown(report?.accuracy[0], percent),
    'validation-accuracy': shown(validationAccuracy, percent),
    'test-accuracy': shown(result?.test?.[0]?.accuracy, percent),
    step: shown(report?.step, (step) => `${count(step)} / ${count(settings.steps)}`),
    epoch: shown(report?.epoch, (epoch) => `${epoch.toFixed(2)} / ${shown(epochs, count)}`),
    elapsed: shown(elapsedMs, duration),
    remaining: shown(remainingMs, duration),
    'learning-rate': shown(report?.learningRate[0], rate),
    'ms-per-step': shown(report?.msPerStep, milliseconds),
    'samples-per-second': shown(report?.msPerStep, (ms) => count((1000 * settings.batchSize) / ms)),
    'dispatches-per-step': shown(ready?.dispatchesPerStep, count),
    kernels: shown(ready?.tuned, (tuned) => (tuned ? 'measured' : 'default')),
  };
}
