import type { Readable, Writable } from 'node:stream';
import puppeteer from 'puppeteer';
import type { BrowserProcess } from './browser-process.ts';
import { PipeTransport } from './pipe-transport.ts';

/** Chrome speaks the DevTools protocol over two pipes: no port that others could reach. */
export const chromeProcess = ({
  headless,
  args,
  without = [],
}: {
  readonly headless: boolean;
  readonly args: readonly string[];
  /** Switches to leave out, whether they are in `args` or puppeteer sets them by itself. */
  readonly without?: readonly string[];
}): BrowserProcess => ({
  args: (profile) => [
    ...puppeteer
      .defaultArgs({ headless, args: [...args], userDataDir: profile })
      .filter((arg) => !without.includes(arg)),
    '--remote-debugging-pipe',
  ],
  pipe: true,
  connect({ nodeProcess }) {
    const pipes = nodeProcess.stdio as unknown as [null, Readable, Readable, Writable, Readable];
    return puppeteer.connect({ transport: new PipeTransport(pipes[3], pipes[4]), protocolTimeout: 0 });
  },
});
