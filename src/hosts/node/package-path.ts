import { createRequire } from 'node:module';
import { join } from 'node:path';
import { projectRoot } from '../project-root.ts';

/** Where the npm package webgpu is: from the project's folder, since built commands lie in the user's cache. Undefined where it is not installed. */
export function packagePath(): string | undefined {
  try {
    return createRequire(join(projectRoot, 'package.json')).resolve('webgpu');
  } catch {
    return undefined;
  }
}
