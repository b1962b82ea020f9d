import { createServer, type ViteDevServer } from 'vite';
import { prepareCifar10 } from '../data/files/prepare.ts';
import { progressLines } from '../data/files/progress-lines.ts';
import { cifar10Plugin, DATA_URL } from '../data/files/serve.ts';
import { projectRoot } from './project-root.ts';

/** A page of this project and the data, served on the loopback interface. */
export interface PageServer {
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;
  readonly dataUrl: string;
  /** Where the data came from: a directory, the cache, a download. */
  readonly dataSource: string;
  close(): Promise<void>;
}

/**
 * Prepares the data (downloading them where they are missing) and starts Vite.
 * @throws DataError where no source has the data
 */
export async function startPageServer(options: {
  readonly dataDir?: string | undefined;
  readonly log: (line: string) => void;
}): Promise<PageServer> {
  const prepared = await prepareCifar10({
    dataDir: options.dataDir,
    onProgress: progressLines(options.log),
    onNotice: options.log,
  });
  const server: ViteDevServer = await createServer({
    root: projectRoot,
    configFile: false,
    appType: 'mpa',
    logLevel: 'error',
    server: { host: '127.0.0.1', port: 0, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
    worker: { format: 'es' },
    plugins: [cifar10Plugin(() => Promise.resolve(prepared))],
  });
  await server.listen();
  const address = server.httpServer?.address();
  if (address === null || address === undefined || typeof address === 'string')
    throw new Error('Vite did not listen');
  return {
    origin: `http://127.0.0.1:${address.port}`,
    dataUrl: DATA_URL,
    dataSource: prepared.source,
    close: () => server.close(),
  };
}
