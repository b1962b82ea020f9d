import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { datasetUrl } from '../../data/datasets/index.ts';
import { normalisationBytes } from '../../data/files/normalisation-file.ts';
import type { PreparedData } from '../../data/files/prepare.ts';
import type { StreamOptions } from '../../data/load.ts';
import { namedNormalisation } from '../../data/normalisation.ts';

/** What a data server would answer (data/files/serve.ts), from the files themselves: for hosts that can read them. */
export function fileFetch(prepared: PreparedData): NonNullable<StreamOptions['fetch']> {
  const folder = datasetUrl(prepared.set);
  const names = new Set(prepared.set.files.map(({ name }) => name));
  return async (url, { signal }) => {
    signal?.throwIfAborted();
    const name = url.startsWith(folder) ? url.slice(folder.length) : url;
    if (names.has(name)) {
      const file = createReadStream(join(prepared.directory, name), {
        highWaterMark: 2 ** 20,
        ...(signal && { signal }),
      });
      return new Response(Readable.toWeb(file) as ReadableStream<Uint8Array>);
    }
    const images = namedNormalisation(name);
    if (images === undefined) return new Response('no such file', { status: 404 });
    return new Response(await normalisationBytes(prepared, images));
  };
}
