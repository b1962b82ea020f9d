/**
 * Checks a file against its SHA-256, once: the result is remembered in a small marker, so that a start does not hash
 * 184 MB each time. A changed size or modification time makes the marker void.
 */

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeFileAtomically } from './atomic-file.ts';

/** What a file must be. */
export interface ExpectedFile {
  readonly sizeBytes: number;
  /** Lower-case hexadecimal. */
  readonly sha256: string;
}

/** What a file was found to be; `reason` reads as the rest of a sentence that begins with its name. */
export type FileCheck =
  | { readonly state: 'verified' }
  | { readonly state: 'missing' }
  | { readonly state: 'wrong'; readonly reason: string };

/** Lower-case hexadecimal digest of a file, read as a stream; `onBytes` is told how many bytes were read so far. */
export async function fileDigest(
  algorithm: 'sha1' | 'sha256',
  path: string,
  onBytes: (doneBytes: number) => void = () => {},
): Promise<string> {
  const hash = createHash(algorithm);
  let done = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer);
    done += (chunk as Buffer).length;
    onBytes(done);
  }
  return hash.digest('hex');
}

/**
 * Checks one file, by its marker if that still fits, else by hashing it.
 *
 * @param markerDirectory where markers are kept; if it cannot be written, the next check hashes again; without it,
 *   the file is hashed and nothing is remembered
 * @param onBytes told how many bytes were hashed so far; not called if the marker decides
 */
export async function checkFile(
  path: string,
  expected: ExpectedFile,
  markerDirectory?: string,
  onBytes?: (doneBytes: number) => void,
): Promise<FileCheck> {
  const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => error);
  if (found instanceof Error) {
    return found.code === 'ENOENT' || found.code === 'ENOTDIR' ? { state: 'missing' } : unreadable(found);
  }
  if (!found.isFile()) return { state: 'wrong', reason: 'is not a file' };
  if (Number(found.size) !== expected.sizeBytes) {
    return { state: 'wrong', reason: `has ${found.size} bytes instead of ${expected.sizeBytes}` };
  }
  const marker = markerOf(path, expected, found.mtimeNs);
  if (markerDirectory !== undefined) {
    const remembered = await readFile(join(markerDirectory, marker.name), 'utf8').catch(() => '');
    if (remembered === marker.text) return { state: 'verified' };
  }
  const sha256 = await fileDigest('sha256', path, onBytes).catch((error: Error) => error);
  if (sha256 instanceof Error) return unreadable(sha256);
  if (sha256 !== expected.sha256) {
    return { state: 'wrong', reason: `has SHA-256 ${sha256} instead of ${expected.sha256}` };
  }
  // The time is that of before hashing: a file changed meanwhile does not fit the marker.
  if (markerDirectory !== undefined) await writeMarker(markerDirectory, marker);
  return { state: 'verified' };
}

const unreadable = ({ message }: Error): FileCheck => ({
  state: 'wrong',
  reason: `cannot be read (${message})`,
});

/** Remembers a file as verified that its caller has hashed under another name, just before it was renamed. */
export async function rememberVerified(
  path: string,
  expected: ExpectedFile,
  markerDirectory: string,
): Promise<void> {
  const { mtimeNs } = await stat(path, { bigint: true });
  await writeMarker(markerDirectory, markerOf(path, expected, mtimeNs));
}

/** A marker: its file name, and its text if the file is still the one that was hashed. */
interface Marker {
  readonly name: string;
  readonly text: string;
}

function markerOf(path: string, { sizeBytes, sha256 }: ExpectedFile, mtimeNs: bigint): Marker {
  const absolute = resolve(path);
  return {
    name: `${createHash('sha256').update(absolute).digest('hex').slice(0, 16)}.json`,
    text: `${JSON.stringify({ path: absolute, sizeBytes, mtimeNs: `${mtimeNs}`, sha256 })}\n`,
  };
}

async function writeMarker(directory: string, { name, text }: Marker): Promise<void> {
  await writeFileAtomically(directory, name, text).catch(() => {});
}
