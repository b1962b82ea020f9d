/** Rows as they are stored on the GPU: of `ld` numbers each, of which `columns` count (`paddedWidth`). */
import type { Numbers } from './numbers.ts';

/** Rows of `columns` numbers, padded with zeros to rows of `ld`. */
export function padRows(values: Numbers, columns: number, ld: number): Float32Array<ArrayBuffer> {
  const padded = new Float32Array((values.length / columns) * ld);
  for (let i = 0; i < values.length; i++) padded[Math.floor(i / columns) * ld + (i % columns)] = values[i]!;
  return padded;
}

/** Takes the padding of rows away. */
export const unpadRows = (padded: Float32Array, columns: number, ld: number): Float32Array =>
  padded.filter((_, i) => i % ld < columns);
