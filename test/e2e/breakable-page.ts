// The page on a server whose answers a test can break: its data, its whole network, or what its worker finds in the browser.
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { defaultDataset } from '../../src/data/datasets/index.ts';
import { prepareDataset } from '../../src/data/files/prepare.ts';
import { type DataMiddleware, dataMiddleware } from '../../src/data/files/serve.ts';
import { builtPage } from '../../src/hosts/build-pages.ts';
import { type PageFiles, readPageFiles } from '../../src/hosts/chrome/page-files.ts';
import { servePage } from '../../src/hosts/chrome/page-server.ts';

/** Answers a request for a file of the data set, given its name; false: it is answered as usual. */
export type Answer = (name: string, request: IncomingMessage, response: ServerResponse) => boolean;

export interface BreakablePage {
  readonly origin: string;
  /** Paths of the data's files, in the data set's order. */
  readonly dataFiles: readonly string[];
  /** Names of the data's files that were asked for, in that order. */
  readonly asked: string[];
  /** Stands before the usual answers. */
  answer: Answer;
  close(): Promise<void>;
}

export const asUsual: Answer = () => false;
/** As if the network were off. */
export const offline: Answer = (_name, request) => {
  request.socket.destroy();
  return true;
};

/**
 * Builds and serves the page with CIFAR-10.
 * @param inWorker a function that runs in the page's worker before anything else
 * @param edit changes the worker's text
 */
export async function startBreakablePage({
  inWorker,
  edit = (text) => text,
}: {
  readonly inWorker?: () => void;
  readonly edit?: (text: string) => string;
} = {}): Promise<BreakablePage> {
  const [data, files] = await Promise.all([
    prepareDataset({ set: defaultDataset }),
    builtPage('index.html', { kernelsInWorkers: true }).then((folder) => readPageFiles(folder, 'index.html')),
  ]);
  const usual = dataMiddleware(defaultDataset, () => Promise.resolve(data));
  const asked: string[] = [];
  const middleware: DataMiddleware = (request, response, next) => {
    const name = (request.url ?? '').split('/').at(-1)!;
    if (name.endsWith('.bin')) asked.push(name);
    if (!page.answer(name, request, response)) usual(request, response, next);
  };
  const prefix = inWorker === undefined ? '' : `(${inWorker})();\n`;
  const server = await servePage({
    files: withWorker(files, (text) => prefix + edit(text)),
    data: middleware,
  });
  const page: BreakablePage = {
    origin: server.origin,
    dataFiles: defaultDataset.files.map(({ name }) => join(data.directory, name)),
    asked,
    answer: asUsual,
    close: () => server.close(),
  };
  return page;
}

/** The files with another text of the worker. */
function withWorker(files: PageFiles, change: (text: string) => string): PageFiles {
  return new Map(
    Array.from(files, ([path, { type, bytes }]) => {
      const isWorker = /\/worker-[^/]*\.js$/.test(path);
      return [
        path,
        { type, bytes: isWorker ? Buffer.from(change(Buffer.from(bytes).toString())) : bytes },
      ] as const;
    }),
  );
}
