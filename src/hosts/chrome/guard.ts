// What a server of this project tells browsers about every answer, and whom it answers at all. Whatever site is open in a browser may send
// requests to this computer: it must neither read nor frame nor start anything here.
import type { IncomingMessage, ServerResponse } from 'node:http';

/** What a page may load beyond its own files and what they say themselves. */
export interface PageNeeds {
  /** Pages with shared memory: Wasm with threads, and finer clocks. */
  readonly isolated?: boolean;
  /** Pages that compile WebAssembly or start workers from text: other engines, for comparison. */
  readonly wasm?: boolean;
}

function contentSecurityPolicy({ wasm = false }: PageNeeds): string {
  const directives = {
    'default-src': "'none'",
    'script-src': wasm ? "'self' 'wasm-unsafe-eval' blob:" : "'self'",
    'worker-src': wasm ? "'self' blob:" : "'self'",
    'connect-src': wasm ? "'self' blob: data:" : "'self'",
    'style-src': "'self'",
    'img-src': "'self' data: blob:",
    'base-uri': "'none'",
    'form-action': "'none'",
    'frame-ancestors': "'none'",
  };
  return Object.entries(directives)
    .map(([name, sources]) => `${name} ${sources}`)
    .join('; ');
}

/** Headers of every answer, refusals among them. */
export function securityHeaders(needs: PageNeeds = {}): Readonly<Record<string, string>> {
  return {
    'Content-Security-Policy': contentSecurityPolicy(needs),
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-store',
    ...(needs.isolated && {
      'Cross-Origin-Opener-Policy': 'same-origin',
      'Cross-Origin-Embedder-Policy': 'require-corp',
    }),
  };
}

/**
 * Whether a request may be answered; the path plays no part in it.
 *
 * - `Host` must be this server's address: a name of somebody else's that now points to this computer (DNS rebinding) would make their page
 *   one of ours.
 * - Another origin gets nothing, another port of this computer is one. A link from elsewhere may open the page, in a tab of its own.
 */
export function isWelcome({ headers }: IncomingMessage, port: number): boolean {
  const { host, origin } = headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) return false;
  if (origin !== undefined && origin !== `http://${host}`) return false;
  const site = headers['sec-fetch-site'];
  if (site === undefined || site === 'same-origin' || site === 'none') return true;
  return headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
}

/** Answers with one line of text, the same for every path. */
export function refuse(response: ServerResponse, status: 403 | 404 | 405): void {
  const reasons = { 403: 'not for this origin', 404: 'no such file', 405: 'only GET and HEAD' };
  response.statusCode = status;
  if (status === 405) response.setHeader('Allow', 'GET, HEAD');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${reasons[status]}\n`);
}
