import type { Plugin, ViteDevServer } from 'vite';
import { DATA_URL } from '../../data/cifar10.ts';
import { prepareCifar10 } from '../../data/files/prepare.ts';
import { progressLines } from '../../data/files/progress-lines.ts';
import { cifar10Plugin } from '../../data/files/serve.ts';
import { projectRoot } from '../project-root.ts';
import { UserError } from '../user-error.ts';
import { createViteServer } from '../vite-server.ts';

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
 * Leaves Vite's client out of the pages. It would reload them when the server starts again, and a run with them; without
 * its socket it fills the console with failures. Styles must therefore come by `<link>`, not by `import`.
 */
const withoutClient: Plugin = {
  name: 'wgrad:without-client',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace(/<script [^>]*src="\/@vite\/client"[^>]*><\/script>\s*/, ''),
  },
};

/**
 * Prepares the data (downloading them where they are missing) and starts Vite.
 * @throws DataError where no source has the data; UserError where the port cannot be had
 */
export async function startPageServer(options: {
  readonly dataDir?: string | undefined;
  readonly log: (line: string) => void;
  /** A port, or the first free one from a port on; any free one by default. */
  readonly port?: number | { readonly from: number };
}): Promise<PageServer> {
  const prepared = await prepareCifar10({
    dataDir: options.dataDir,
    onProgress: progressLines(options.log),
    onNotice: options.log,
  });
  const { port = 0 } = options;
  const strictPort = typeof port === 'number';
  const server: ViteDevServer = await createViteServer({
    root: projectRoot,
    configFile: false,
    appType: 'mpa',
    logLevel: 'error',
    server: {
      host: '127.0.0.1',
      port: strictPort ? port : port.from,
      strictPort,
      hmr: false,
      ws: false,
      watch: null,
    },
    optimizeDeps: { noDiscovery: true },
    worker: { format: 'es' },
    plugins: [cifar10Plugin(() => Promise.resolve(prepared)), withoutClient],
  });
  await server.listen().catch(async (error: Error) => {
    await server.close();
    throw new UserError(`port ${strictPort ? port : port.from} cannot be had: ${error.message}`);
  });
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
