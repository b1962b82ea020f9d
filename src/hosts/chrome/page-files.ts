import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join, relative, sep } from 'node:path';
import { refuse } from './guard.ts';

/** A built page: what is answered to which address. No path is ever made of an address. */
export type PageFiles = ReadonlyMap<string, { readonly type: string; readonly bytes: Uint8Array }>;

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
};

/** Reads the files of a built page; `page`, its HTML file, is answered to `/`. */
export async function readPageFiles(folder: string, page: string): Promise<PageFiles> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  // What begins with a dot is not of the page.
  const own = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.'));
  const paths = own.map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map(async (path) => {
    const name = relative(folder, path).split(sep).join('/');
    const type = types[extname(name)] ?? 'application/octet-stream';
    return [name === page ? '/' : `/${name}`, { type, bytes: await readFile(path) }] as const;
  });
  return new Map(await Promise.all(files));
}

/** Answers GET and HEAD from the map. */
export function answerFile(files: PageFiles, request: IncomingMessage, response: ServerResponse): void {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, 405);
    return;
  }
  const file = files.get((request.url ?? '').split(/[?#]/, 1)[0]!);
  if (file === undefined) {
    refuse(response, 404);
    return;
  }
  response.setHeader('Content-Type', file.type);
  response.setHeader('Content-Length', file.bytes.length);
  response.end(request.method === 'HEAD' ? undefined : file.bytes);
}
