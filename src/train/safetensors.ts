// The safetensors format (https://github.com/huggingface/safetensors#format): 8 bytes length of the header, little-endian;
// the header, JSON; then the tensors' bytes without gaps, little-endian like every machine that WebGPU runs on. F32 is written; F64, F16
// and BF16 are read as well, and what else a state dict may hold (a counter, I64) is listed.
import { checkValues, type NamedTensor, valuesOf } from '../nn/parameters.ts';
import { decodeElements, elementBytes } from './element-types.ts';

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

/** A tensor whose type is none that weights come in: integers, booleans, 8-bit floats. */
export interface OtherTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
}

/**
 * Bytes of a file. The header is padded with spaces so that the data start at a multiple of 8.
 * @throws Error naming a tensor whose values are not as many as its shape has: no reader would take the file
 */
export function writeSafetensors({ tensors, metadata }: SafetensorsFile): Uint8Array<ArrayBuffer> {
  const header: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) header.__metadata__ = metadata;
  let end = 0;
  for (const tensor of tensors) {
    checkValues(tensor);
    const { name, shape, data } = tensor;
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
    file.set(bytesOf(data), place);
    place += data.byteLength;
  }
  return file;
}

/** The bytes of an array, bit by bit: NaN keeps its payload. */
export const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/**
 * Reads a file, refusing what the format forbids: a header that is too long or no object, duplicate names, tensors that
 * overlap, leave gaps or do not end where the file ends, unknown types. Values come as f32.
 * @throws Error saying what is wrong.
 */
export function readSafetensors(
  file: Uint8Array,
): SafetensorsFile & { readonly others: readonly OtherTensor[] } {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  if (file.length < 8) throw new Error(`not a safetensors file: ${file.length} bytes`);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes) throw new Error(`the header has ${headerBytes} bytes, more than 100 MB`);
  if (8 + headerBytes > file.length) throw new Error('the file ends within its header');
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  const text = utf8.decode(file.subarray(8, 8 + headerBytes));
  if (!text.startsWith('{')) throw new Error('the header does not start with "{"');
  const { __metadata__: metadata = {}, ...entries } = parseHeader(text);
  refuseDuplicateKeys(text);
  if (!isObject(metadata) || Object.values(metadata).some((value) => typeof value !== 'string')) {
    throw new Error('the metadata are not pairs of strings');
  }
  for (const [name, entry] of Object.entries(entries)) {
    if (!isObject(entry)) throw new Error(`${name} is no tensor`);
  }

  const start = 8 + headerBytes;
  let end = 0;
  const tensors: NamedTensor[] = [];
  const others: OtherTensor[] = [];
  const inOrder = Object.entries(entries).sort(
    ([, a], [, b]) => offset(a, 0) - offset(b, 0) || offset(a, 1) - offset(b, 1),
  );
  for (const [name, entry] of inOrder) {
    const { shape, dtype } = entry;
    const data = decodeElements(dtype, tensorBytes(name, entry, file.subarray(start), end));
    if (data === undefined) others.push({ name, shape, dtype });
    else tensors.push({ name, shape, data });
    end = entry.data_offsets[1];
  }
  if (start + end !== file.length)
    throw new Error(`the tensors end at byte ${start + end}, the file at ${file.length}`);
  return { tensors, metadata, others };
}

/** @throws Error in one line: JSON.parse quotes the text around a mistake, whatever bytes that is. */
function parseHeader(text: string): Record<string, Entry> & { __metadata__?: Record<string, string> } {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error('the header is no JSON');
  }
}

const isObject = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** First or last offset, for sorting: an empty tensor stands before the one that starts at the same byte. */
const offset = (entry: Entry, end: 0 | 1): number => Number(entry.data_offsets?.[end]) || 0;

/** The bytes of a tensor that must start at byte `from` of the file's data. */
function tensorBytes(name: string, entry: Entry, data: Uint8Array, from: number): Uint8Array {
  const { dtype, shape, data_offsets: offsets } = entry;
  const size = Object.hasOwn(elementBytes, dtype) ? elementBytes[dtype] : undefined;
  if (size === undefined) throw new Error(`${name} is of the type ${dtype}, which is unknown`);
  if (!Array.isArray(shape) || !shape.every((side) => Number.isSafeInteger(side) && side >= 0)) {
    throw new Error(`${name} has no valid shape`);
  }
  const to = from + size * valuesOf(shape);
  const lies = Array.isArray(offsets) && offsets[0] === from && offsets[1] === to;
  if (!lies || offsets.length !== 2) {
    throw new Error(
      `${name} (${shape.join(' x ')}, ${dtype}) should lie at bytes ${from} to ${to}, not ${offsets}`,
    );
  }
  if (to > data.length) throw new Error(`the file ends within ${name}`);
  return data.subarray(from, to);
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
