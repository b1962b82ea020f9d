import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { datasetUrl } from '../../data/datasets/index.ts';
import { prepareDataset } from '../../data/files/prepare.ts';
import { progressLines } from '../../data/files/progress-lines.ts';
import { type DataMiddleware, dataMiddleware } from '../../data/files/serve.ts';
import type { RecordSet } from '../../data/record-set.ts';
import { builtPage } from '../build-pages.ts';
import { UserError } from '../user-error.ts';
import { isWelcome, type PageNeeds, refuse, securityHeaders } from './guard.ts';
import { answerFile, type PageFiles, readPageFiles } from './page-files.ts';
import { Transfers } from './transfers.ts';

/** A page on the loopback interface. */
export interface LocalServer {
  /** `http://127.0.0.1:PORT`; the page is its `/`. */
  readonly origin: string;
  /** Byte arrays between this process and the page. */
  readonly transfers: Transfers;
  close(): Promise<void>;
}

/** A built page of this project and a data set. */
export interface PageServer extends LocalServer {
  readonly dataset: RecordSet;
  readonly dataUrl: string;
  /** Paths of the data's files. */
  readonly dataFiles: readonly string[];
  /** Where the data came from: a directory, the cache, a download. */
  readonly dataSource: string;
  /** A browser that runs elsewhere is to open the page. */
  readonly browserUrl: string | undefined;
}

export interface PageServerOptions {
  /** The page, from the project's root: by default the one of headless runs. */
  readonly page?: string;
  readonly dataset: RecordSet;
  readonly dataDir?: string | undefined;
  readonly log: (line: string) => void;
  /** A port, or the first free one from a port on; any free one by default. */
  readonly port?: number | { readonly from: number } | undefined;
  readonly browserUrl?: string | undefined;
}

/** The page that trains in headless Chrome. */
const headlessPage = 'src/hosts/chrome/headless.html';

/**
 * Prepares the data (downloading them where they are missing), builds the page where that was not done before, and serves both.
 * @throws DataError where no source has the data; UserError where the port cannot be had
 */
export async function startPageServer(options: PageServerOptions): Promise<PageServer> {
  const { page = headlessPage, dataset, dataDir, log, port = 0, browserUrl } = options;
  const [prepared, files] = await Promise.all([
    prepareDataset({ set: dataset, dataDir, onProgress: progressLines(log), onNotice: log }),
    builtPage(page, { kernelsInWorkers: true }).then((folder) => readPageFiles(folder, basename(page))),
  ]);
  const server = await servePage({
    files,
    port,
    data: dataMiddleware(dataset, () => Promise.resolve(prepared)),
  });
  return {
    ...server,
    dataset,
    dataUrl: datasetUrl(dataset),
    dataFiles: dataset.files.map(({ name }) => join(prepared.directory, name)),
    dataSource: prepared.source,
    browserUrl,
  };
}

/** Serves a page that needs no data, built where that was not done before. */
export async function serveBuiltPage(page: string, needs: PageNeeds): Promise<LocalServer> {
  return servePage({ files: await readPageFiles(await builtPage(page), basename(page)), needs });
}

/**
 * Serves the files of a page, and of the project's sources nothing.
 * @throws UserError where the port cannot be had
 */
export async function servePage({
  files,
  port = 0,
  data = (_request, _response, next) => next(),
  needs,
}: {
  readonly files: PageFiles;
  readonly port?: number | { readonly from: number };
  /** Answers what it knows, and passes the rest on. */
  readonly data?: DataMiddleware;
  readonly needs?: PageNeeds;
}): Promise<LocalServer> {
  const transfers = new Transfers();
  const headers = new Map(Object.entries(securityHeaders(needs)));
  const server = createServer((request, response) => {
    response.setHeaders(headers);
    if (!isWelcome(request, portOf(server))) refuse(response, 403);
    else if (transfers.owns(request.url ?? ''))
      transfers.answer(request, response).catch(() => response.destroy());
    else data(request, response, () => answerFile(files, request, response));
  });
  await listen(server, port);
  return {
    origin: `http://127.0.0.1:${portOf(server)}`,
    transfers,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;

/** @throws UserError where the port, or every port from there on, cannot be had */
async function listen(server: Server, port: number | { readonly from: number }): Promise<void> {
  const isFixed = typeof port === 'number';
  for (let next = isFixed ? port : port.from; ; next++) {
    const refused = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => {
      server.once('error', resolve);
      server.listen(next, '127.0.0.1', () => {
        server.off('error', resolve);
        resolve(undefined);
      });
    });
    if (refused === undefined) return;
    if (isFixed || refused.code !== 'EADDRINUSE' || next === 65_535) {
      throw new UserError(`port ${next} cannot be had: ${refused.message}`);
    }
  }
}
