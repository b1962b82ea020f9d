import type { StreamOptions } from '../data/load.ts';
import type { FromWorker, PredictRequest, RunRequest } from '../train/messages.ts';
import { UserError } from './user-error.ts';

/** A run that a host was asked for. */
export interface HostedRun {
  /** What runs the engine, with its version: `Chrome/156.0...`, `Node/20.20.2 webgpu/0.6.2`. */
  readonly runner: string;
  /** Resolves with the last message of a run, `done`. Rejects with a UserError where the engine says what is wrong. */
  readonly finished: Promise<Extract<FromWorker, { type: 'done' }>>;
  /** Asks for a stop after the steps already submitted; `finished` then resolves. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/** Somewhere that the engine runs: it gets a device, reads the data, carries messages. A new host is a folder beside this file. */
export interface Host {
  /** As `--host` names it. */
  readonly name: string;
  /** Where the data came from: a directory, the cache, a download. */
  readonly dataSource: string;
  /** The data, for what the command itself computes of them. */
  readonly data: StreamOptions;
  /** Address of the browser, where one runs elsewhere: the connection to it may be lost. */
  readonly elsewhere: string | undefined;
  /** Begins a run and hands on what it says, in order. */
  start(request: RunRequest, onMessage: (message: FromWorker) => void | Promise<void>): Promise<HostedRun>;
  /** Logits of each image. Rejects with a UserError where the engine says what is wrong. */
  predict(request: PredictRequest): Promise<readonly (readonly number[])[]>;
  close(): Promise<void>;
}

/** Which host, and what it is opened with. */
export interface HostOptions {
  /** Its name, one of those in open-host.ts. */
  readonly host: string;
  /** Name of the adapter, Node alone. */
  readonly adapter?: string | undefined;
  /** DevTools address of a Chrome that runs elsewhere, and the port at which it reaches this computer. */
  readonly browserUrl?: string | undefined;
  readonly port?: number | undefined;
}

/** What runs the engine is gone: the browser crashed, or was ended, or the GPU was lost. Another start may find it again. */
export class HostEnded extends Error {
  override readonly name = 'HostEnded';
}

/** A run's failure as its host tells it; `isUserError`: the message says itself what to change. */
export function failureOf(message: string, isUserError: boolean): Error {
  if (/^the GPU device was lost/.test(message)) return new HostEnded(message);
  return isUserError ? new UserError(message) : new Error(message);
}
