// Messages with byte arrays, as JSON: what crosses from Node to a page and back. Runs in both.

const marker = 'base64:';

/** JSON of a message; byte arrays become base64. */
export function packBytes(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown) =>
    value instanceof Uint8Array ? marker + encodeBase64(value) : value,
  );
}

/** The message that `packBytes` packed. */
export function unpackBytes(json: string): unknown {
  return JSON.parse(json, (_, value: unknown) =>
    typeof value === 'string' && value.startsWith(marker) ? decodeBase64(value.slice(marker.length)) : value,
  );
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
