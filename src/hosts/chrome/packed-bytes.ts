// Messages as JSON, with what JSON lacks, byte arrays and numbers that are not finite: what crosses from Node to a page and back.
// Runs in both.

const bytesMarker = 'base64:';
const numberMarker = 'number:';

/** JSON of a message; byte arrays become base64, and NaN and the infinities strings. */
export function packBytes(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown) => {
    if (value instanceof Uint8Array) return bytesMarker + encodeBase64(value);
    return typeof value === 'number' && !Number.isFinite(value) ? `${numberMarker}${value}` : value;
  });
}

/** The message that `packBytes` packed. */
export function unpackBytes(json: string): unknown {
  return JSON.parse(json, (_, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (value.startsWith(bytesMarker)) return decodeBase64(value.slice(bytesMarker.length));
    return value.startsWith(numberMarker) ? Number(value.slice(numberMarker.length)) : value;
  });
}

/** Bytes of one call of String.fromCharCode; a multiple of 3, so that the pieces' base64 can be joined. */
const piece = 3 * 8192;

function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.length; start += piece) {
    text += btoa(String.fromCharCode(...bytes.subarray(start, start + piece)));
  }
  return text;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
