/** Makes a data set ready on disk, from wherever it can be had: the one entry for command line and server. */

import { resolve } from 'node:path';
import { type RecordFile, type RecordSet, recordSetBytes } from '../record-set.ts';
import { withTemporaryDirectory } from './atomic-file.ts';
import { acceptIntoCache, checkRecordFiles, datasetCache, openCache } from './cache.ts';
import { DataError } from './data-error.ts';
import { isFullDisk } from './full-disk.mjs';
import { type DownloadSource, downloadSources, type PrepareProgress } from './sources.ts';
import { findInUserDirectory } from './user-directory.ts';

/** Where progress goes. */
export interface PrepareReport {
  readonly onProgress?: (progress: PrepareProgress) => void;
  /** Told in one line what went wrong on the way: a damaged file in the cache, a source that failed. */
  readonly onNotice?: (line: string) => void;
}

/** What to prepare, and from where. */
export interface PrepareOptions extends PrepareReport {
  readonly set: RecordSet;
  /** A directory that the user names; if given, it must hold the files, and nothing is downloaded. */
  readonly dataDir?: string | undefined;
  /** The data set's cache folder; default `datasetCache(set)`. */
  readonly cache?: string;
  /** Sources for what the cache lacks, first choice first; default `downloadSources(set)`. */
  readonly sources?: readonly DownloadSource[];
}

/** The data set on disk, verified. */
export interface PreparedData {
  /** Folder with the record files. */
  readonly directory: string;
  /** Where they came from this time: "directory", "cache", or the name of a download source. */
  readonly source: string;
  /** Cache folder that can be written to, for what is derived from the data. */
  readonly cache: string;
  readonly set: RecordSet;
}

/**
 * Prepares a data set: from the user's directory if there is one, else from the cache, filled from the set's sources where
 * files are missing or damaged.
 *
 * @throws DataError with one line that says what is wrong and what to do
 */
export async function prepareDataset(options: PrepareOptions): Promise<PreparedData> {
  const {
    set,
    dataDir,
    cache: usual = datasetCache(set),
    onProgress = () => {},
    onNotice = () => {},
  } = options;
  const totalBytes = recordSetBytes(set);
  const verifying = (source: string) => (file: RecordFile, doneBytes: number) =>
    onProgress({ source, file: file.name, phase: 'verify', doneBytes, totalBytes });

  let problem = '';
  // Where no cache can be written to, data that are there already will do.
  const cache = await openCache(usual, onNotice).catch((error: Error) => {
    problem = error.message;
    return usual;
  });
  if (dataDir !== undefined) {
    const directory = await findInUserDirectory(resolve(dataDir), set, cache, verifying('directory'));
    return { directory, source: 'directory', cache, set };
  }

  const inUsual = await checkRecordFiles(usual, set, cache, verifying('cache'));
  if ([...inUsual.values()].every(({ state }) => state === 'verified')) {
    return { directory: usual, source: 'cache', cache, set };
  }
  if (problem !== '') {
    throw new DataError(`the cache ${usual} cannot be used (${problem}); set WGRAD_DATA or pass --data DIR`);
  }
  let wanted: RecordFile[] = [];
  const checks = cache === usual ? inUsual : await checkRecordFiles(cache, set, cache, verifying('cache'));
  for (const [file, check] of checks) {
    if (check.state === 'wrong') onNotice(`cache: ${file.name} ${check.reason}; fetching it again`);
    if (check.state !== 'verified') wanted.push(file);
  }
  if (wanted.length === 0) return { directory: cache, source: 'cache', cache, set };

  const failures: string[] = [];
  const sources = options.sources ?? downloadSources(set);
  for (const source of sources) {
    const accept = async (file: RecordFile, path: string) => {
      await acceptIntoCache(cache, set, file, path);
      wanted = wanted.filter((each) => each !== file);
    };
    try {
      await withTemporaryDirectory(cache, (workDirectory) =>
        source.obtain({ set, wanted: [...wanted], workDirectory, accept, onProgress }),
      );
      if (wanted.length > 0) throw new Error(`it did not bring ${wanted[0]!.name}`);
    } catch (error) {
      // Another source would fill the same disk.
      if (isFullDisk(error)) {
        throw new DataError(
          `${set.title} does not fit into ${cache}: no space is left there; make room, or set WGRAD_DATA to a folder on another disk`,
        );
      }
      failures.push(`${source.name}: ${(error as Error).message.split('\n', 1)[0]}`);
      // Those of the last one are the error's.
      if (source !== sources.at(-1)) onNotice(failures.at(-1)!);
    }
    if (wanted.length === 0) return { directory: cache, source: source.name, cache, set };
  }
  throw new DataError(
    `${set.title} could not be fetched (${failures.join('; ')}): ` +
      `get ${archiveUrl(set)} elsewhere, unpack it, and pass --data DIR`,
  );
}

const archiveUrl = ({ sources, files }: RecordSet): string =>
  sources.find((source) => source.kind === 'archive')?.url ?? files.map(({ name }) => name).join(', ');
