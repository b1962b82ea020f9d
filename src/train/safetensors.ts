// The safetensors format (https://github.com/huggingface/safetensors#format): 8 bytes length of the header, little-endian;
// the header, JSON; then the tensors' bytes without gaps. Only F32 is read and written.
import type { NamedTensor } from '../nn/parameters.ts';

/** Largest header that the format allows. */
const maxHeaderBytes = 100_000_000;

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/** A file's tensors and its free-form metadata. */
export interface SafetensorsFile {
  readonly tensors: readonly NamedTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Bytes of a file. The header is padded with spaces so that the data start at a multiple of 8. */
export function writeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const { name, shape, data } of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / 8) * 8;
  const file = new Uint8Array(8 + headerBytes + end);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(headerBytes), true);
  file.fill(0x20, 8, 8 + headerBytes);
  file.set(json, 8);
  let place = 8 + headerBytes;
  for (const { data } of tensors) {
    for (const value of data) {
      view.setFloat32(place, value, true);
      place += 4;
    }
  }
  return file;
}

/**
 * Reads a file, refusing what the format forbids: a header that is too long or no object, duplicate names, tensors that
 * overlap, leave gaps or do not end where the file ends; and every type but F32.
 * @throws Error saying what is wrong.
 */
export function readSafetensors(file: Uint8Array): SafetensorsFile {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 8) throw new Error(`not a safetensors file: ${file.length} bytes`);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes) throw new Error(`the header has ${headerBytes} bytes, more than 100 MB`);
  if (8 + headerBytes > file.length) throw new Error('the file ends within its header');
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const text = utf8.decode(file.subarray(8, 8 + headerBytes));
  if (!text.startsWith('{')) throw new Error('the header does not start with "{"');
  const { __metadata__: metadata = {}, ...entries } = JSON.parse(text) as Record<string, Entry> & {
    __metadata__?: Record<string, string>;
  };
  refuseDuplicateKeys(text);
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new Error('the metadata are not pairs of strings');
  }
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry)) throw new Error(`${name} is no tensor`);
  }

  const start = 8 + headerBytes;
  let end = 0;
  const tensors = Object.entries(entries)
    .sort(([, a], [, b]) => offset(a, 0) - offset(b, 0) || offset(a, 1) - offset(b, 1))
    .map(([name, entry]) => {
      const data = readTensor(name, entry, view, start, end);
      end = entry.data_offsets[1];
      return { name, shape: entry.shape, data };
    });
  if (start + end !== file.length)
    throw new Error(`the tensors end at byte ${start + end}, the file at ${file.length}`);
  return { tensors, metadata };
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** First or last offset, for sorting: an empty tensor stands before the one that starts at the same byte. */
const offset = (entry: Entry, end: 0 | 1): number => Number(entry.data_offsets?.[end]) || 0;

function readTensor(
  name: string,
  entry: Entry,
  view: DataView,
  start: number,
  from: number,
): Float32Array<ArrayBuffer> {
  const { dtype, shape, data_offsets: offsets } = entry;
  if (dtype !== 'F32') throw new Error(`${name} is ${dtype}, only F32 is read`);
  if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && size >= 0)) {
    throw new Error(`${name} has no valid shape`);
  }
  const count = shape.reduce((product, size) => product * size, 1);
  const lies = Array.isArray(offsets) && offsets[0] === from && offsets[1] === from + 4 * count;
  if (!lies || offsets.length !== 2) {
    throw new Error(
      `${name} (${shape.join(' x ')}) should lie at bytes ${from} to ${from + 4 * count}, not ${offsets}`,
    );
  }
  if (start + from + 4 * count > view.byteLength) throw new Error(`the file ends within ${name}`);
  return Float32Array.from({ length: count }, (_, i) => view.getFloat32(start + from + 4 * i, true));
}

/** JSON.parse keeps the last of equal keys silently. `json` has been parsed before: it is well-formed. */
function refuseDuplicateKeys(json: string): void {
  const open: (Set<string> | undefined)[] = [];
  for (const [token, text, colon] of json.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}[\]]/g)) {
    if (token === '{') open.push(new Set());
    else if (token === '[') open.push(undefined);
    else if (token === '}' || token === ']') open.pop();
    else if (colon !== undefined && text !== undefined) {
      const key = JSON.parse(text) as string; // Without escapes.
      if (open.at(-1)?.has(key)) throw new Error(`the header names ${key} twice`);
      open.at(-1)?.add(key);
    }
  }
}
