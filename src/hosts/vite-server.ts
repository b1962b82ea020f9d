import { createServer, type InlineConfig, type ViteDevServer } from 'vite';

/**
 * Vite's server, without what it does when the process is asked to end (SIGTERM, end of standard input): it would end the process
 * by itself, while a run is still being stopped and written. What a signal does is the command's to say.
 */
export async function createViteServer(config: InlineConfig): Promise<ViteDevServer> {
  const signalled = process.listeners('SIGTERM');
  const ended = process.stdin.listeners('end');
  const server = await createServer(config);
  for (const listener of process.listeners('SIGTERM')) {
    if (!signalled.includes(listener)) process.off('SIGTERM', listener);
  }
  for (const listener of process.stdin.listeners('end') as (() => void)[]) {
    if (!ended.includes(listener)) process.stdin.off('end', listener);
  }
  return server;
}
