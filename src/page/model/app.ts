// What the page knows, as signals, and what can be done with the GPU and the data. Runs: training-control.ts and run-list.ts.
import { batch, signal } from '@preact/signals-core';
import type { Engine } from '../engine/engine.ts';
import { EngineError } from '../engine/engine-error.ts';
import type { DataPlace, EngineEvent, GpuReport } from '../engine/protocol.ts';
import {
  type DataProblem,
  type DataStatus,
  type GpuStatus,
  hasData,
  type NoGpuReason,
  type RunStatus,
} from './status.ts';

/** A GPU that says nothing for so long is taken for one that does not answer. */
const probeMs = 8000;
/** Events that the GPU view lists. */
const mostEvents = 50;

/** Something that happened, for the GPU view and for reports of faults. */
export interface EventLine {
  /** ISO date. */
  readonly at: string;
  readonly text: string;
}

export class App {
  readonly engine: Engine;
  readonly gpu = signal<GpuStatus>({ state: 'probing' });
  readonly data = signal<DataStatus>({ state: 'unknown' });
  readonly dataProblem = signal<DataProblem | undefined>(undefined);
  readonly run = signal<RunStatus>({ state: 'none' });
  /** Kernels are measured: nothing trains beside that. */
  readonly isMeasuring = signal(false);
  readonly events = signal<readonly EventLine[]>([]);
  /** What screen readers are told. */
  readonly announcement = signal('');
  /** The folder with the six files, beside the page. */
  readonly dataUrl: string;
  /** Which work on the data is the newest: what came of another one is not told. */
  #dataTurn = 0;
  #downloadedAt: { readonly bytes: number; readonly ms: number } | undefined;

  constructor(engine: Engine, dataUrl: string) {
    this.engine = engine;
    this.dataUrl = dataUrl;
    engine.listen((event) => this.#receive(event));
  }

  /** Adds to the list of events. */
  log(text: string): void {
    const line = { at: new Date().toISOString(), text };
    this.events.value = [...this.events.peek(), line].slice(-mostEvents);
  }

  announce(text: string): void {
    this.announcement.value = text;
  }

  get report(): GpuReport | undefined {
    const gpu = this.gpu.value;
    return 'report' in gpu ? gpu.report : undefined;
  }

  /** Asks for the GPU and for the data's place. Never throws: what is wrong is in the statuses. */
  async probe(): Promise<void> {
    this.gpu.value = { state: 'probing' };
    await Promise.all([this.#probeGpu(), this.refreshData()]);
  }

  /** Asks where the data are. `problem`: what went wrong with them, told when that is known. */
  async refreshData(problem?: EngineError): Promise<void> {
    try {
      this.#hasPlace(await this.engine.call('dataPlace'));
      if (problem !== undefined) this.#dataFailed(problem);
    } catch (error) {
      this.data.value = { state: 'error' };
      this.#dataFailed(error);
    }
  }

  /** Downloads what is missing from beside the page. True where the data are there afterwards. */
  download(): Promise<boolean> {
    this.#downloadedAt = undefined;
    return this.#fetchData(() => this.engine.call('download', { url: this.dataUrl }));
  }

  takeFiles(files: readonly File[]): Promise<boolean> {
    return this.#fetchData(() => this.engine.call('takeFiles', { files }));
  }

  async cancelData(): Promise<void> {
    await this.engine.call('cancelData').catch((error: unknown) => this.#dataFailed(error));
  }

  async deleteData(): Promise<void> {
    this.dataProblem.value = undefined;
    this.#hasPlace(await this.engine.call('deleteData'));
  }

  async #probeGpu(): Promise<void> {
    const none = (reason: NoGpuReason, details = '') => {
      this.gpu.value = { state: 'none', reason, details };
      this.log(`no GPU: ${reason}${details && `: ${details}`}`);
    };
    if (!window.isSecureContext) return none('insecure');
    // Typed as always there, but older browsers lack it.
    if ((navigator.gpu as GPU | undefined) === undefined) return none('no-api');
    let slow: ReturnType<typeof setTimeout> | undefined;
    try {
      await this.engine.call('ping'); // What the worker takes to load is not the driver's time.
      slow = setTimeout(() => none('timeout'), probeMs);
      this.#hasGpu(await this.engine.call('probe'));
    } catch (error) {
      const { kind, message } = error as EngineError;
      if (kind === 'no-adapter') none(this.#lossesOfSession() > 1 ? 'blocked' : 'no-adapter', message);
      else none(kind === 'worker' ? 'worker' : 'refused', message);
    } finally {
      clearTimeout(slow);
    }
  }

  #hasGpu(report: GpuReport): void {
    const state = report.adapter.software ? 'software' : 'ready';
    this.gpu.value = report.tooSmall === undefined ? { state, report } : { state: 'too-small', report };
    this.log(`GPU: ${report.name}, after ${Math.round(report.tookMs)} ms`);
  }

  async #fetchData(get: () => Promise<DataPlace>): Promise<boolean> {
    const turn = ++this.#dataTurn;
    this.dataProblem.value = undefined;
    try {
      this.#hasPlace(await get());
    } catch (error) {
      if (turn !== this.#dataTurn) return false;
      await this.refreshData();
      this.#dataFailed(error);
    }
    return hasData(this.data.peek());
  }

  #dataFailed(error: unknown): void {
    const { kind, message } = error instanceof EngineError ? error : new EngineError('failed', String(error));
    this.log(`data: ${message}`);
    if (kind !== 'stopped') this.dataProblem.value = { kind, message };
  }

  #hasPlace(place: DataPlace): void {
    switch (place.place) {
      case 'absent':
        this.data.value = {
          state: 'absent',
          missingBytes: place.missing,
          canKeep: place.canKeep,
          why: place.why ?? '',
        };
        return;
      case 'kept':
        this.data.value = { state: 'kept' };
        return;
      case 'tab':
        this.data.value = { state: 'this-tab', why: place.why };
    }
  }

  #receive(event: EngineEvent): void {
    switch (event.event) {
      case 'data':
        this.#dataProgress(event);
        return;
      case 'gpu':
        if (!('report' in this.gpu.peek())) this.#hasGpu(event.report);
        return;
      case 'lost': {
        const { message, asks } = event;
        this.#countLoss();
        batch(() => {
          this.gpu.value = { state: asks ? 'asking' : 'recovering', message };
          this.log(message);
        });
        return;
      }
      case 'gone':
        this.#countLoss();
        this.log(event.message);
        this.gpu.value = { state: 'probing' };
        void this.#probeGpu();
        return;
      case 'ready':
        if (this.data.peek().state === 'uploading') void this.refreshData();
    }
  }

  #dataProgress({ what, doneBytes, totalBytes }: Extract<EngineEvent, { event: 'data' }>): void {
    if (what !== 'downloading') {
      this.data.value = { state: what === 'uploading' ? 'uploading' : 'checking', doneBytes, totalBytes };
      return;
    }
    const ms = performance.now();
    this.#downloadedAt ??= { bytes: doneBytes, ms };
    const seconds = (ms - this.#downloadedAt.ms) / 1000;
    const bytesPerSecond = seconds > 0.5 ? (doneBytes - this.#downloadedAt.bytes) / seconds : 0;
    this.data.value = { state: 'downloading', doneBytes, totalBytes, bytesPerSecond };
  }

  #countLoss(): void {
    try {
      sessionStorage.setItem('losses', String(this.#lossesOfSession() + 1));
    } catch {
      // A browser that keeps nothing counts nothing.
    }
  }

  /** Device losses that this tab has seen, reloads included. */
  #lossesOfSession(): number {
    try {
      return Number(sessionStorage.getItem('losses') ?? 0);
    } catch {
      return 0;
    }
  }
}
