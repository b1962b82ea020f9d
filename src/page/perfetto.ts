// Handing a trace to https://ui.perfetto.dev, as it documents for other pages: it is asked with "PING" until it answers "PONG", then it is given the file.

const origin = 'https://ui.perfetto.dev';
const pingMs = 100;
/** A window that has not answered by then does not load. */
const longestMs = 60_000;

/**
 * Opens a window with a trace in it. Before that nothing is asked of the other site. To be called by a click: other windows are blocked.
 * @returns false where the browser opens none
 */
export function openInPerfetto(trace: string, title: string): boolean {
  const opened = window.open(origin);
  if (opened === null) return false;
  const end = () => {
    clearInterval(pings);
    clearTimeout(limit);
    window.removeEventListener('message', receive);
  };
  const receive = (event: MessageEvent<unknown>) => {
    if (event.origin !== origin || event.data !== 'PONG') return;
    end();
    const { buffer } = new TextEncoder().encode(trace);
    opened.postMessage({ perfetto: { buffer, title, fileName: 'trace.json' } }, origin);
  };
  const pings = setInterval(() => opened.postMessage('PING', origin), pingMs);
  const limit = setTimeout(end, longestMs);
  window.addEventListener('message', receive);
  return true;
}
