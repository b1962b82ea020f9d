import { launchChrome } from '../../src/hosts/chrome/launch.ts';
import { serveBuiltPage } from '../../src/hosts/chrome/page-server.ts';
import type { ConvOpOptions } from './conv-op.ts';
import type { ConvWorkOptions } from './conv-work.ts';
import type { PeerOutcome } from './page.ts';
import type { WorkOptions } from './work.ts';

/** The page of the peers in headless Chrome. */
export interface PeersPage {
  readonly browser: string;
  /** Addresses outside the server that the page asked for: there must be none. */
  readonly strangers: readonly string[];
  check(options: WorkOptions, steps: number, only?: readonly string[]): Promise<PeerOutcome[]>;
  checkNet(options: ConvWorkOptions, steps: number): Promise<PeerOutcome[]>;
  checkConvOp(options: ConvOpOptions): Promise<PeerOutcome[]>;
  checkMatmul(M: number, N: number, K: number): Promise<PeerOutcome[]>;
  close(): Promise<void>;
}

/**
 * Starts server and browser.
 * @param isolated false: without the cross-origin isolation headers, so without threads for Wasm
 */
export async function openPeersPage({
  isolated = true,
  log = () => {},
}: {
  readonly isolated?: boolean;
  readonly log?: (line: string) => void;
} = {}): Promise<PeersPage> {
  const server = await serveBuiltPage('bench/peers/page.html', { isolated, wasm: true });
  const { origin } = server;
  const browser = await launchChrome({ log });
  const page = await browser.newPage();
  const strangers: string[] = [];
  page.on('console', (message) => {
    log(`page ${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => log(`page failed: ${String(error)}`));
  page.on('request', (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob):/.test(url)) strangers.push(url);
  });
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => window.wgradPeers !== undefined);
  return {
    browser: await browser.version(),
    strangers,
    check: (work, steps, only) =>
      page.evaluate((a, b, c) => window.wgradPeers.check(a, b, c), work, steps, only),
    checkNet: (work, steps) => page.evaluate((a, b) => window.wgradPeers.checkNet(a, b), work, steps),
    checkConvOp: (options) => page.evaluate((a) => window.wgradPeers.checkConvOp(a), options),
    checkMatmul: (M, N, K) => page.evaluate((a, b, c) => window.wgradPeers.checkMatmul(a, b, c), M, N, K),
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
