import { createRequire } from 'node:module';
import { lavapipeManifest } from '../src/hosts/node/mesa.ts';

/** Why kernels cannot be tested in Node on lavapipe here; undefined where they can. */
export function lavapipeRefusal(): string | undefined {
  try {
    createRequire(import.meta.url).resolve('webgpu');
  } catch {
    return 'the optional npm package webgpu is not installed (npm install --include=optional)';
  }
  if (lavapipeVariables().VK_ICD_FILENAMES !== undefined) return undefined;
  return 'the driver is not installed (Debian: apt-get install mesa-vulkan-drivers, 23 or newer)';
}

/**
 * The environment in which Vulkan sees lavapipe alone, or the driver that the user named. LLVM does not optimise: that would be most of the
 * time of the tests, each of which compiles a shader to run it once.
 */
export function lavapipeVariables(): Record<string, string> {
  const manifest = process.env.VK_ICD_FILENAMES ?? lavapipeManifest();
  return manifest === undefined ? {} : { VK_ICD_FILENAMES: manifest, GALLIVM_PERF: 'nopt' };
}
