// `npm run bench -- --host node`: what measures runs in this process, on Dawn.
import { type DawnOptions, dawnVersion, openDawn } from '../src/hosts/node/dawn.ts';
import { UserError } from '../src/hosts/user-error.ts';
import { Bench } from './page/bench.ts';
import type { Session } from './session.ts';

/**
 * Opens the device.
 * @throws UserError where the package webgpu or an adapter is missing
 */
export async function openNodeSession(options: DawnOptions): Promise<Session> {
  let listener: (done: number, planned: number) => void = () => {};
  const gpu = await openDawn(options);
  const bench = new Bench({ gpu, onRound: (done, planned) => listener(done, planned) });
  const refuse = (error: Error) => {
    throw new UserError(error.message);
  };
  const opened = await bench.open().catch(refuse);
  return {
    browser: `Node/${process.versions.node} webgpu/${dawnVersion()}`,
    opened,
    list: (request) => bench.list(request).catch(refuse),
    measure(request, onRound) {
      listener = onRound;
      return bench.measure(request);
    },
    selfTest: (groups) => bench.selfTest(groups),
    stop: async () => bench.stop(),
    close: async () => {},
  };
}
