import { defaultDataset } from '../../data/datasets/index.ts';
import { startPageServer } from '../../hosts/chrome/page-server.ts';
import { resolvePath } from '../../hosts/project-root.ts';
import { makeCommand, parse } from '../options/command.ts';
import { wholeNumber } from '../options/numbers.ts';
import { path } from '../options/paths.ts';

/** `npm start`: serves the page until a signal ends the process. Returns the exit status where that was not to be. */
export async function main(args: readonly string[]): Promise<number> {
  const command = makeCommand('start', 'Serves the page that trains in your browser, on this computer only.')
    .option('--port <n>', 'port (default: 5173, or the next free one); 0 takes any', wholeNumber(0, 65_535))
    .option('--data <dir>', 'folder with the six CIFAR-10 .bin files (default: downloaded once)', path);
  const parsed = parse(command, args);
  if (parsed === undefined) return 0;
  const { port, data } = parsed.opts<{ port?: number; data?: string }>();
  const server = await startPageServer({
    dataset: defaultDataset,
    dataDir: data === undefined ? undefined : resolvePath(data),
    page: 'index.html',
    log: (line) => console.error(line),
    port: port ?? { from: 5173 },
  });
  console.error(`data: ${server.dataset.title} from ${server.dataSource}`);
  console.log(`wgrad: ${server.origin}/   (Ctrl-C ends it)`);
  return new Promise(() => {});
}
