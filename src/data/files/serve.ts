/**
 * Serves a data set to the page: `/data/<name>/<file>` and `/data/<name>/normalisation-<N>.f64`. Addresses are looked up in a
 * fixed map; no path is ever made of one.
 */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { datasetUrl } from '../datasets/index.ts';
import { namedNormalisation } from '../normalisation.ts';
import type { RecordSet } from '../record-set.ts';
import { parseByteRange } from './byte-range.ts';
import { normalisationBytes } from './normalisation-file.ts';
import type { PreparedData } from './prepare.ts';

/** A handler of HTTP requests that passes on what is not under the data set's address. */
export type DataMiddleware = (request: IncomingMessage, response: ServerResponse, next: () => void) => void;

/** A file to send: where it is, or what is in it. */
type Body = { readonly path: string } | { readonly bytes: Uint8Array };

/**
 * The handler, for any Node server. Data are prepared on the first request; if that fails, the request is answered 503 with the
 * reason in one line, and the next request tries again.
 */
export function dataMiddleware(set: RecordSet, prepare: () => Promise<PreparedData>): DataMiddleware {
  const folder = datasetUrl(set);
  let prepared: Promise<PreparedData> | undefined;
  const preparedOnce = () => {
    prepared ??= prepare().catch((error) => {
      prepared = undefined;
      throw error;
    });
    return prepared;
  };

  return (request, response, next) => {
    const address = (request.url ?? '').split(/[?#]/, 1)[0]!;
    if (!address.startsWith(folder)) {
      next();
      return;
    }
    response.setHeader('Cross-Origin-Resource-Policy', 'same-origin');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Cache-Control', 'no-store');
    answer(preparedOnce, address.slice(folder.length), request, response).catch((error: Error) => {
      // The connection broke, or the file did while being sent: there is no other way to say so than to end early.
      if (response.headersSent) response.destroy();
      else refuse(response, 500, error.message);
    });
  };
}

async function answer(
  prepared: () => Promise<PreparedData>,
  name: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('Allow', 'GET, HEAD');
    refuse(response, 405, 'only GET and HEAD');
    return;
  }
  let data: PreparedData;
  try {
    data = await prepared();
  } catch (error) {
    refuse(response, 503, (error as Error).message);
    return;
  }
  try {
    const body = await lookUp(data, name);
    if (body) await send(body, request, response);
    else refuse(response, 404, 'no such file');
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    refuse(response, 422, error.message);
  }
}

/** What stands behind a name, or undefined. */
async function lookUp(data: PreparedData, name: string): Promise<Body | undefined> {
  const files = new Map(data.set.files.map((file) => [file.name, join(data.directory, file.name)]));
  const path = files.get(name);
  if (path !== undefined) return { path };
  const count = namedNormalisation(name);
  return count === undefined ? undefined : { bytes: await normalisationBytes(data, count) };
}

async function send(body: Body, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const sizeBytes = 'path' in body ? (await stat(body.path)).size : body.bytes.length;
  response.setHeader('Content-Type', 'application/octet-stream');
  response.setHeader('Accept-Ranges', 'bytes');
  // Ranges are for GET alone; If-Range asks about a validator, and none is ever given.
  const ranged = request.method === 'GET' && request.headers['if-range'] === undefined;
  const range = parseByteRange(ranged ? request.headers.range : undefined, sizeBytes);
  if (range === 'unsatisfiable') {
    response.setHeader('Content-Range', `bytes */${sizeBytes}`);
    refuse(response, 416, `the file has ${sizeBytes} bytes`);
    return;
  }
  const { first, last } = range === 'whole' ? { first: 0, last: sizeBytes - 1 } : range;
  response.statusCode = range === 'whole' ? 200 : 206;
  if (range !== 'whole') response.setHeader('Content-Range', `bytes ${first}-${last}/${sizeBytes}`);
  response.setHeader('Content-Length', last - first + 1);
  response.strictContentLength = true;
  if (request.method === 'HEAD') response.end();
  else if ('bytes' in body) response.end(body.bytes.subarray(first, last + 1));
  else
    await pipeline(
      createReadStream(body.path, { start: first, end: last, highWaterMark: 1 << 18 }),
      response,
    );
}

/** Answers with one line of text. */
function refuse(response: ServerResponse, status: number, reason: string): void {
  response.statusCode = status;
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  response.end(`${reason.split('\n', 1)[0]}\n`);
}
