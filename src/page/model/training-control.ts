// Starts, pauses, stops and keeps runs: between the engine, the store and the views.
import { batch, effect, signal } from '@preact/signals-core';
import type { TrainSettings } from '../../train/settings.ts';
import { EngineError } from '../engine/engine-error.ts';
import type {
  EngineCalls,
  EngineEvent,
  PauseReason,
  PictureGuess,
  SampleGuesses,
  TrainRequest,
  WeightPictures,
} from '../engine/protocol.ts';
import { count, percent } from '../format.ts';
import { readMetrics, readWeights, writeRun } from '../store/run-store.ts';
import { readTuning } from '../store/tuning-store.ts';
import type { App } from './app.ts';
import { differences, emptyForm, type Form, formOfRun, readForm, startingPoint } from './form.ts';
import { InitialWeights } from './initial-weights.ts';
import { LiveRun } from './live-run.ts';
import type { RunList } from './run-list.ts';
import { newRunId, type RunRecord, testAccuracy } from './run-record.ts';
import { hasData, isBusy } from './status.ts';
import { overViewsText } from './texts.ts';
import { trainAlone } from './training-locks.ts';

const announceMs = 20_000;

type TrainingSize = EngineCalls['sizeOf']['gives'];

export class TrainingControl {
  readonly form = signal<Form>(emptyForm());
  readonly initial: InitialWeights;
  /** The form that another one took the place of: offered as long as nothing is changed in that. */
  readonly replaced = signal<{ readonly form: Form; readonly by: Form } | undefined>(undefined);
  /** What a link said that could not be used. */
  readonly refused = signal<readonly string[]>([]);
  readonly live = signal<LiveRun | undefined>(undefined);
  /** Changes whenever anything of `live` does. */
  readonly version = signal(0);
  readonly pictures = signal<WeightPictures | undefined>(undefined);
  readonly guesses = signal<SampleGuesses | undefined>(undefined);
  /** What the net that is shown takes a picture of the visitor's own for, or why it does not say. */
  readonly ownPicture = signal<PictureGuess | string | undefined>(undefined);
  readonly runs: RunList;
  readonly #app: App;
  readonly #size = signal<{ readonly key: string; readonly size: TrainingSize } | undefined>(undefined);
  #sizeAsked = '';
  #ended: Promise<void> = Promise.resolve();
  /** What was asked for last: the worker's word may still be about the time before. */
  #isPaused = false;
  #announcedMs = Number.NEGATIVE_INFINITY;

  constructor(app: App, runs: RunList) {
    this.#app = app;
    this.runs = runs;
    this.initial = new InitialWeights(app.engine);
    app.engine.listen((event) => this.#receive(event));
    // What a run is called, and whether it is pinned, the list knows: another tab may have changed it.
    effect(() => {
      const live = this.live.value;
      if (live === undefined) return;
      const { name, pinned } = runs.find(live.record.id) ?? live.record;
      if (name === live.record.name && pinned === live.record.pinned) return;
      live.record = { ...live.record, name, pinned };
      this.version.value = this.version.peek() + 1;
    });
  }

  /** Trains what the form says; downloads the data first where they are missing. Not while kernels are measured. */
  async start(form: Form, initial = this.initial.file.peek()): Promise<void> {
    const { settings, train, problems } = readForm(form);
    if (Object.keys(problems).length > 0 || !this.#isFree()) return;
    const { label } = startingPoint(form.start);
    const record: RunRecord = {
      id: newRunId(),
      name: this.runs.freeName(label),
      origin: 'here',
      state: 'running',
      problem: null,
      experiment: form.start,
      settings,
      train,
      step: 0,
      stepsPerEpoch: 0,
      dispatchesPerStep: 0,
      modelBytes: 0,
      variants: {},
      // As asked for, until the worker says what there was.
      kernels: form.usesTuned ? 'measured' : 'default',
      forced: form.variants,
      adapter: this.#app.report?.name ?? '',
      browser: navigator.userAgent,
      startedAt: new Date().toISOString(),
      elapsedMs: 0,
      msPerStep: null,
      perSeed: [],
      style: this.runs.freeStyle(),
      pinned: false,
      hasWeights: false,
      initial: initial?.name ?? null,
    };
    await this.#run(new LiveRun(form, record, initial), false);
  }

  /** The form is neither a starting point nor what was trained last: it would be lost. */
  #isTyped(): boolean {
    const form = this.form.peek();
    const known = [emptyForm(form.start), this.live.peek()?.form];
    return known.every((each) => each === undefined || differences(form, each).length > 0);
  }

  /** Another form in the place of what stands there, with a way back. */
  replaceForm(by: Form): void {
    this.replaced.value = { form: this.form.peek(), by };
    this.form.value = by;
  }

  /** Neither a run nor a measurement has the GPU. */
  #isFree(): boolean {
    return !isBusy(this.#app.run.peek()) && !this.#app.isMeasuring.peek();
  }

  /** Goes on with an interrupted or stopped run from its last checkpoint. Its form takes the place of one that nothing was typed into. */
  async goOn(record: RunRecord): Promise<void> {
    if (!this.#isFree()) return;
    const form = formOfRun(record);
    const running = { ...record, state: 'running', problem: null } as const;
    if (!this.#isTyped()) this.form.value = form;
    await this.#run(new LiveRun(form, running), true);
  }

  /** Asks the net of the run that is shown, its first seed, about a picture. */
  async guessPicture(file: File): Promise<void> {
    const { id, train } = this.live.peek()!.record;
    this.ownPicture.value = 'Looking …';
    const answer = await readWeights(id)
      .then((files) => {
        const weights = files?.[0];
        if (weights === undefined) throw new Error('Its weights are not here any more.');
        return this.#app.engine.call('guessPicture', { settings: train, weights, file });
      })
      .catch((error: Error) => error.message);
    if (this.live.peek()?.record.id === id) this.ownPicture.value = answer;
  }

  /** Shown at once; the steps already submitted are still done. */
  async pause(by: PauseReason = 'you'): Promise<void> {
    if (this.#app.run.peek().state !== 'running') return;
    this.#isPaused = true;
    this.#app.run.value = { state: 'paused', by };
    await unlessEnded(this.#app.engine.call('pause', { by }));
  }

  /** Pauses, and resolves when the GPU is idle: or when there is nothing to wait for. */
  async pauseForLab(): Promise<void> {
    const idle = new Promise<void>((resolve) => {
      const end = this.#app.engine.listen((event) => {
        if (event.event !== 'paused') return;
        end();
        resolve();
      });
      void this.#ended.then(() => {
        end();
        resolve();
      });
    });
    await this.pause('lab');
    await idle;
  }

  /** Goes on with what is paused; what was paused while kernels are measured waits for that. */
  async resume(): Promise<void> {
    if (this.#app.isMeasuring.peek()) return;
    this.#isPaused = false;
    if (this.#app.run.peek().state === 'paused') this.#app.run.value = { state: 'running' };
    await unlessEnded(this.#app.engine.call('resume'));
  }

  async stop(): Promise<void> {
    if (!isBusy(this.#app.run.peek())) return;
    this.#app.run.value = { state: 'stopping' };
    const { engine } = this.#app;
    await unlessEnded(Promise.all([engine.call('cancelData'), engine.call('stop')]));
  }

  /** Stops what runs and trains the form instead. */
  async restart(form: Form): Promise<void> {
    const ended = this.#ended;
    const initial = this.initial.file.peek();
    await this.stop();
    await ended;
    await this.start(form, initial);
  }

  /** In what the form, and the file of weights, differ from the run that is shown. */
  get changes(): readonly string[] {
    const live = this.live.value;
    if (live === undefined) return [];
    const changed = differences(this.form.value, live.form);
    return this.initial.file.value === live.initial ? changed : [...changed, 'Initial weights'];
  }

  /** Parameters and memory of such a training; until the worker has counted those of the one before, undefined where there was none. */
  sizeOf(train: TrainSettings): TrainingSize | undefined {
    // A GPU that has answered meanwhile says how much memory.
    const key = `${this.#app.gpu.value.state} ${JSON.stringify(train)}`;
    const known = this.#size.value;
    if (known?.key !== key && this.#sizeAsked !== key) {
      this.#sizeAsked = key;
      void this.#app.engine.call('sizeOf', { settings: train }).then(
        (size) => {
          if (this.#sizeAsked === key) this.#size.value = { key, size };
        },
        () => {},
      );
    }
    return known?.size;
  }

  /** Time of a step of such a training, ms, as the newest run on this device had it; undefined where none had. Not that of short kernels, nor of numbers that are none. */
  paceOf(train: TrainSettings): number | undefined {
    const key = paceKey(train);
    const adapter = this.#app.report?.name;
    const run = this.runs.runs.value.find(
      (each) =>
        each.msPerStep !== null &&
        each.adapter === adapter &&
        each.kernels !== 'brief' &&
        each.perSeed.every(({ divergedAtStep }) => divergedAtStep === null) &&
        paceKey(each.train) === key,
    );
    return run?.msPerStep ?? undefined;
  }

  async #run(live: LiveRun, goesOn: boolean): Promise<void> {
    this.#ended = this.#runToItsEnd(live, goesOn);
    await this.#ended;
  }

  async #runToItsEnd(live: LiveRun, goesOn: boolean): Promise<void> {
    const { app } = this.#parts;
    this.#isPaused = false;
    const before = [this.live.peek(), this.guesses.peek(), this.pictures.peek()] as const;
    batch(() => {
      app.run.value = { state: 'preparing', what: 'starting', done: 0, total: 0 };
      app.dataProblem.value = undefined;
      this.live.value = live;
      this.guesses.value = undefined;
      this.pictures.value = undefined;
      this.ownPicture.value = undefined;
      this.version.value++;
    });
    try {
      if (goesOn) {
        live.metrics = (await readMetrics(live.record.id).catch(() => undefined)) ?? live.metrics;
        this.version.value++;
      }
      if (!hasData(app.data.peek()) && !(await app.download())) {
        const problem = app.dataProblem.peek();
        throw problem === undefined
          ? new EngineError('stopped', 'stopped before the data were there')
          : new EngineError('no-data', problem.message);
      }
      requireNoStop(app);
      await trainAlone(live.record.id, () => this.#train(live, goesOn));
    } catch (error) {
      const known = error instanceof EngineError ? error : new EngineError('failed', String(error));
      await this.#failed(live, known);
      // Another tab trains: what the last run came to stays.
      if (known.kind === 'busy')
        batch(() => {
          [this.live.value, this.guesses.value, this.pictures.value] = before;
        });
    }
  }

  async #train(live: LiveRun, goesOn: boolean): Promise<void> {
    const { app, runs } = this.#parts;
    const { form, initial } = live;
    await runs.keep(live.record);
    const tuned = form.usesTuned && app.report !== undefined ? await readTuning(app.report.tuningKey) : {};
    const request: TrainRequest = {
      runId: live.record.id,
      settings: live.record.train,
      goesOn,
      // Runs that earlier versions kept do not say what they started from.
      mayBeginAgain: live.record.initial === null,
      tuned,
      variants: form.variants,
      ...(initial && { weights: initial.file }),
    };
    requireNoStop(app);
    app.log(`${live.record.name}: ${goesOn ? 'goes on' : 'started'}`);
    const outcome = await app.engine.call('train', request);
    live.end(outcome, performance.now());
    await runs.keep(live.record, live.metrics, outcome.weights);
    batch(() => {
      app.run.value = { state: outcome.finished ? 'finished' : 'stopped' };
      this.version.value++;
    });
    app.log(`${live.record.name}: ${live.record.state} at step ${count(live.record.step)}`);
    const test = testAccuracy(live.record);
    app.announce(
      test !== undefined
        ? `Finished. Test accuracy ${percent(test)}${overViewsText(live.record)}`
        : `${live.hasDiverged ? 'Diverged' : 'Stopped'} at step ${count(outcome.step)}`,
    );
  }

  async #failed(live: LiveRun, error: EngineError): Promise<void> {
    const { app, runs } = this.#parts;
    const { kind, message } = error;
    const isStopped = kind === 'stopped';
    const isOurs = kind !== 'busy';
    live.record = {
      ...live.record,
      state: isStopped ? 'stopped' : kind === 'worker' ? 'interrupted' : 'failed',
      problem: isStopped ? null : message,
      elapsedMs: live.elapsedMs(performance.now()),
      perSeed: live.scores(),
    };
    batch(() => {
      app.run.value = isStopped ? { state: 'stopped' } : { state: 'failed', kind, message };
      this.version.value++;
    });
    app.log(`${live.record.name}: ${message}`);
    app.announce(isStopped ? 'Stopped' : `Failed: ${message}`);
    // A run that never began leaves nothing behind.
    if (isOurs && runs.has(live.record.id)) {
      if (isStopped && live.record.step === 0) await runs.forget(live.record.id);
      else await runs.keep(live.record, live.metrics);
    }
    const gpu = app.gpu.peek().state;
    if (kind === 'worker' || kind === 'no-adapter' || gpu === 'recovering' || gpu === 'asking')
      void app.probe();
    // Another tab may have deleted the data: then they are what is wrong.
    else void app.refreshData(kind === 'partial' ? error : undefined);
  }

  get #parts() {
    return { app: this.#app, runs: this.runs };
  }

  #receive(event: EngineEvent): void {
    const { app, runs } = this.#parts;
    const live = this.live.peek();
    if (live === undefined) return;
    // What comes behind a run's outcome changes its state no more.
    const isOver = !isBusy(app.run.peek());
    const isStopping = isOver || app.run.peek().state === 'stopping';
    batch(() => {
      switch (event.event) {
        case 'preparing':
          if (!isStopping) {
            const { what, done, total } = event;
            app.run.value = { state: 'preparing', what, done, total };
          }
          break;
        case 'ready':
          live.isReady(event);
          if (!isStopping && !this.#isPaused) app.run.value = { state: 'running' };
          if (event.otherAdapter !== undefined)
            app.log(`goes on on another adapter than ${event.otherAdapter}`);
          break;
        case 'progress':
          live.add(event, performance.now());
          this.#announceProgress(live);
          break;
        case 'paused':
          if (event.by === 'device') this.#isPaused = true;
          if (isStopping || !this.#isPaused) break;
          app.run.value = { state: 'paused', by: event.by };
          app.announce('Paused');
          break;
        case 'running':
          if (!isStopping && !this.#isPaused) app.run.value = { state: 'running' };
          break;
        case 'lost':
          if (event.asks) app.announce('The GPU was lost a second time');
          else if (!isStopping) {
            app.run.value = { state: 'preparing', what: 'the GPU was lost: asking again', done: 0, total: 0 };
          }
          break;
        case 'testing':
          if (!isOver) app.run.value = { state: 'testing' };
          break;
        case 'checkpoint':
          live.isKept(event);
          void writeRun(live.record.id, { record: live.record, metrics: live.metrics }).catch(() => {});
          runs.replace(live.record);
          break;
        case 'diverged': {
          if (live.diverged.has(event.replica)) break;
          live.diverged.set(event.replica, event.step);
          const seed = live.record.train.replicas[event.replica]?.seed;
          app.log(`${live.record.name}: the loss of seed ${seed} is not finite at step ${count(event.step)}`);
          // One of many seeds is enough to be told of at once; the page shows them all.
          if (live.diverged.size === 1)
            app.announce(`The loss of seed ${seed} is not finite at step ${count(event.step)}`);
          break;
        }
        case 'weights':
          this.pictures.value = event;
          break;
        case 'samples':
          this.guesses.value = event;
          break;
        default:
          return;
      }
      this.version.value++;
    });
  }

  #announceProgress(live: LiveRun): void {
    const now = performance.now();
    if (now - this.#announcedMs < announceMs) return;
    this.#announcedMs = now;
    const validation = live.last('validationAccuracy');
    const said = validation === undefined ? '' : `, validation accuracy ${percent(validation)}`;
    this.#app.announce(`Step ${count(live.record.step)} of ${count(live.record.train.steps)}${said}`);
  }
}

/** @throws EngineError where Stop was pressed before there was anything to stop */
function requireNoStop({ run }: App): void {
  if (run.peek().state === 'stopping') throw new EngineError('stopped', 'stopped');
}

/** Where the worker has ended, the run itself says so. */
const unlessEnded = (asked: Promise<unknown>): Promise<unknown> => asked.catch(() => {});

/** What the time of a step depends on. */
const paceKey = ({ net, optimizer, batchSize, replicas, cropPixels }: TrainSettings): string =>
  JSON.stringify([net, optimizer.kind, batchSize, replicas.length, cropPixels > 0]);
