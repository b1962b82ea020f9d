/** The Range header of HTTP (RFC 9110, section 14), for one range of bytes. */

/** First and last byte, both included. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/**
 * Reads a Range header.
 *
 * @param header the header, if there is one
 * @param sizeBytes length of the file, at least 1
 * @returns the range; 'whole' if there is no header or one that a server may ignore (several ranges, another unit, not
 *   well-formed); 'unsatisfiable' if the range lies beyond the end
 */
export function parseByteRange(
  header: string | undefined,
  sizeBytes: number,
): ByteRange | 'whole' | 'unsatisfiable' {
  const match = /^bytes=(\d*)-(\d*)$/i.exec(header ?? '');
  if (!match || (match[1] === '' && match[2] === '')) return 'whole';
  const [, from, to] = match;
  if (from === '') {
    const suffix = Number(to);
    if (suffix === 0) return 'unsatisfiable';
    return { first: Math.max(0, sizeBytes - suffix), last: sizeBytes - 1 };
  }
  const first = Number(from);
  const last = to === '' ? sizeBytes - 1 : Math.min(Number(to), sizeBytes - 1);
  if (to !== '' && Number(to) < first) return 'whole'; // not well-formed
  return first < sizeBytes ? { first, last } : 'unsatisfiable';
}
