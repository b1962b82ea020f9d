// The page that headless Chrome opens: it starts the engine's worker and passes messages on, their bytes over HTTP.
import type { ToWorker } from '../../train/messages.ts';
import { fromText, toText } from './message-text.ts';
import { fetchBytes, sendBytes } from './page-transfers.ts';

/** A message on its way: JSON, and where its bytes are. */
export interface Envelope {
  readonly text: string;
  readonly parts: readonly { readonly id: string; readonly sizeBytes: number }[];
}

declare global {
  interface Window {
    /** Given by Node: takes a message of the worker. */
    wgradReceive(envelope: Envelope): Promise<void>;
    /** Called by Node: gives the worker a message. `path` is that of the transfers. */
    wgradSend(path: string, envelope: Envelope): Promise<void>;
  }
}

const worker = new Worker(new URL('../../train/worker.ts', import.meta.url), { type: 'module' });
let transfers = '';
let sent = 0;
let delivered = Promise.resolve();

async function deliver(message: unknown): Promise<void> {
  const { text, parts } = toText(message);
  const sending = [];
  for (const bytes of parts as readonly Uint8Array<ArrayBuffer>[]) {
    const id = `page-${sent++}`;
    await sendBytes(transfers, id, bytes);
    sending.push({ id, sizeBytes: bytes.length });
  }
  await window.wgradReceive({ text, parts: sending });
}

function fail(message: string): void {
  void window.wgradReceive({ text: JSON.stringify({ type: 'error', message, user: false }), parts: [] });
}

worker.addEventListener('message', ({ data }) => {
  delivered = delivered.then(() => deliver(data)).catch((error: Error) => fail(error.message));
});
worker.addEventListener('error', (event) => fail(event.message || 'the worker did not load'));
window.wgradSend = async (path, { text, parts }) => {
  transfers = path;
  const bytes = await Promise.all(parts.map(({ id, sizeBytes }) => fetchBytes(path, id, sizeBytes)));
  const message = fromText(text, bytes) as ToWorker;
  const { files } = document.querySelector<HTMLInputElement>('#data')!;
  worker.postMessage(
    message.type === 'start' ? { ...message, files: [...files!] } : message,
    bytes.map(({ buffer }) => buffer),
  );
};
