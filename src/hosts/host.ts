import type { FromWorker, RunRequest } from '../train/messages.ts';

/** A run that a host was asked for. */
export interface HostedRun {
  /** What runs the engine, with its version: `Chrome/156.0...`. */
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
  /** Begins a run and hands on what it says, in order. */
  start(request: RunRequest, onMessage: (message: FromWorker) => void | Promise<void>): Promise<HostedRun>;
}
