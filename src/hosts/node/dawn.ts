import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UserError } from '../user-error.ts';
import { paceDawnEvents } from './event-pace.ts';
import { installMesa, lavapipeManifest } from './mesa.ts';
import { packagePath } from './package-path.ts';

export interface DawnOptions {
  /** Name of the adapter, as Dawn lists it, such as `llvmpipe (LLVM 15.0.6, 256 bits)`; the fastest kind by default. */
  readonly adapter?: string | undefined;
  /** Dawn's toggles to turn on and off, beside those that measurements need. */
  readonly enable?: readonly string[];
  readonly disable?: readonly string[];
  /** Receives a line when a driver is installed. */
  readonly log?: (line: string) => void;
}

type Package = typeof import('webgpu');

/** What `create` is given: experimental features as in the Chrome that the command line starts, timestamps that are not rounded. */
export function dawnArguments({ adapter, enable = [], disable = [] }: DawnOptions): string[] {
  return [
    ...(process.platform === 'linux' ? ['backend=vulkan'] : []),
    ...(adapter === undefined ? [] : [`adapter=${adapter}`]),
    `enable-dawn-features=${['allow_unsafe_apis', ...enable].join(',')}`,
    `disable-dawn-features=${['timestamp_quantization', ...disable].join(',')}`,
  ];
}

/**
 * WebGPU in this Node process, by the npm package `webgpu` (Dawn). Puts WebGPU's globals (GPUBufferUsage, ...) where a browser has them.
 * Where there is no Vulkan driver, Debian's lavapipe is installed if this process may. The process needs `process.exit` to end.
 * @throws UserError, one line: the package is missing, there is no adapter, or none of that name.
 */
export async function openDawn(options: DawnOptions = {}): Promise<GPU> {
  const dawn = await loadPackage();
  Object.assign(globalThis, dawn.globals);
  paceDawnEvents();
  // A driver that the user names is the user's to have.
  const mayInstall =
    process.env.VK_ICD_FILENAMES === undefined &&
    process.env.VK_DRIVER_FILES === undefined &&
    lavapipeManifest() === undefined;
  let found = await find(dawn, options).catch((error: unknown) => {
    if (!mayInstall || options.adapter === undefined) throw error;
    return undefined; // It may be lavapipe's name.
  });
  if (found === undefined && mayInstall) {
    if (await installMesa(options.log ?? (() => {}))) found = await find(dawn, options);
  }
  if (found !== undefined) return found;
  throw new UserError(
    'no WebGPU adapter in Node: install a Vulkan driver (the GPU vendor\'s, or Mesa 23 or newer: "apt-get install mesa-vulkan-drivers"), or use --host chrome',
  );
}

async function loadPackage(): Promise<Package> {
  const path = packagePath();
  if (path === undefined) {
    throw new UserError(
      'the host "node" needs the optional npm package webgpu: install it by "npm install --include=optional", or use --host chrome',
    );
  }
  try {
    return await import(/* @vite-ignore */ pathToFileURL(path).href);
  } catch (error) {
    const { message } = error as Error;
    throw new UserError(`the npm package webgpu does not load on this machine: ${message.split('\n')[0]}`);
  }
}

/** Dawn's instances. Where one is collected while another works, the process ends (webgpu 0.6.2), so all are kept. */
const instances: GPU[] = [];

/** Undefined where there is no adapter. Dawn refuses an adapter's name when it is asked for one. */
async function find(dawn: Package, options: DawnOptions): Promise<GPU | undefined> {
  try {
    const gpu = dawn.create(dawnArguments(options));
    instances.push(gpu);
    return (await gpu.requestAdapter()) === null ? undefined : gpu;
  } catch (error) {
    throw new UserError(withoutAdapter(String((error as Error).message), options.adapter));
  }
}

/** Dawn's message about options that match nothing, in one line: it lists `* backend: 'vulkan', name: 'llvmpipe'`. */
export function withoutAdapter(message: string, adapter: string | undefined): string {
  const names = Array.from(message.matchAll(/name: '([^']*)'/g), ([, name]) => name);
  if (adapter === undefined) return `Dawn does not start: ${message.split('\n')[0]}`;
  const known = names.length === 0 ? 'there is none' : `there are: ${names.join('; ')}`;
  return `no adapter is named "${adapter}": ${known}`;
}

/** Folder of the package `webgpu`; undefined where it is not installed. */
export function packageFolder(): string | undefined {
  const path = packagePath();
  return path === undefined ? undefined : dirname(path);
}

/** Version of the package `webgpu`; empty where it is not installed. */
export function dawnVersion(): string {
  const folder = packageFolder();
  if (folder === undefined) return '';
  return String(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version);
}
