// The page that headless Chrome opens: it starts the engine's worker and passes messages on, bytes as base64.
import { packBytes, unpackBytes } from './packed-bytes.ts';

declare global {
  interface Window {
    /** Given by Node: takes a message of the worker, as JSON. */
    wgradReceive(message: string): Promise<void>;
    /** Called by Node: gives the worker a message, as JSON, in pieces. */
    wgradSend(piece: string, isLast: boolean): void;
  }
}

const worker = new Worker(new URL('../../train/worker.ts', import.meta.url), { type: 'module' });
let delivered = Promise.resolve();

worker.addEventListener('message', ({ data }) => {
  const message = packBytes(data);
  delivered = delivered.then(() => window.wgradReceive(message));
});
worker.addEventListener('error', (event) => {
  const message = event.message || 'the worker did not load';
  void window.wgradReceive(packBytes({ type: 'error', message, user: false }));
});
let pieces = '';
window.wgradSend = (piece, isLast) => {
  pieces += piece;
  if (!isLast) return;
  worker.postMessage(unpackBytes(pieces));
  pieces = '';
};
