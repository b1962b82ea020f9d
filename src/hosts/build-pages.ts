// Builds a page of this project: Vite bundles it with its workers and styles into files that any server can hand out.
import { basename, dirname, join } from 'node:path';
import type { Plugin } from 'vite';
import { keptBuild, sourceHash } from './build-cache.mjs';
import { projectRoot } from './project-root.ts';

export interface PageBuild {
  /** The page, from the project's root, such as `index.html`; in `outDir` it has the same name, and no folder. */
  readonly page: string;
  /** Emptied first. */
  readonly outDir: string;
  /** Smaller files, and names of functions that say nothing. */
  readonly minify?: boolean;
  /** Only its workers compile shaders: the page's own code needs the tables of kernels, not their texts. */
  readonly shadersInWorkers?: boolean;
}

/** Shaders without text, for code that never compiles them. */
const withoutShaderTexts: Plugin = {
  name: 'wgrad:without-shader-texts',
  enforce: 'pre',
  resolveId: (source) => (/\.wgsl\?raw$/.test(source) ? '\0no-shader' : null),
  load: (id) => (id === '\0no-shader' ? "export default ''" : null),
};

/** Builds a page into a folder. Addresses in it are relative: it works under any path. */
export async function buildPage({
  page,
  outDir,
  minify = false,
  shadersInWorkers = false,
}: PageBuild): Promise<void> {
  const { build } = await import('vite');
  const { NODE_ENV } = process.env;
  const html = join(projectRoot, page);
  await build({
    root: dirname(html),
    base: './',
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: 'error',
    plugins: shadersInWorkers ? [withoutShaderTexts] : [],
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      minify,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: { input: html },
    },
  });
  // Vite sets it, and what this process starts would inherit it.
  if (NODE_ENV === undefined) delete process.env.NODE_ENV;
}

/** Folder with a page as `buildPage` makes it, built where it was not built before from the same sources. */
export function builtPage(page: string, options: Pick<PageBuild, 'shadersInWorkers'> = {}): Promise<string> {
  const [folder] = page.split('/') as [string];
  const key = sourceHash(projectRoot, [...new Set([folder, 'src', 'shaders', 'package-lock.json'])]);
  const name = page.replace(/\.html$/, '').replaceAll('/', '-');
  return keptBuild(name, key, basename(page), (outDir) => buildPage({ page, outDir, ...options }));
}
