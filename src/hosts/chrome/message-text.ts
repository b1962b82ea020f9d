// Messages of the worker as JSON, with what JSON lacks: numbers that are not finite, and byte arrays, which go another way (transfers.ts)
// and leave their number behind. Runs in Node and in the page.

/** In the place of a byte array. */
interface BytesMark {
  readonly $bytes: number;
}
/** In the place of NaN and the infinities. */
interface NumberMark {
  readonly $number: string;
}

/** JSON of a message, and the byte arrays in it; the mark `$bytes` is a place in this list. */
export function toText(message: unknown): { readonly text: string; readonly parts: readonly Uint8Array[] } {
  const parts: Uint8Array[] = [];
  const text = JSON.stringify(message, (_, value: unknown): unknown => {
    if (value instanceof Uint8Array) return { $bytes: parts.push(value) - 1 } satisfies BytesMark;
    if (typeof value !== 'number' || Number.isFinite(value)) return value;
    return { $number: String(value) } satisfies NumberMark;
  });
  return { text, parts };
}

/** The message of which `toText` made text and parts. */
export function fromText(text: string, parts: readonly Uint8Array[]): unknown {
  return JSON.parse(text, (_, value: Partial<BytesMark & NumberMark> | null) => {
    if (typeof value !== 'object' || value === null) return value;
    if (value.$number !== undefined) return Number(value.$number);
    return value.$bytes === undefined ? value : parts[value.$bytes];
  });
}
