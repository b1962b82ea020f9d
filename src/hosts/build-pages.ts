// Builds a page of this project: Vite bundles it with its workers and styles into files that any server can hand out.
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Plugin } from 'vite';
import { bareShaders } from './bare-shaders.ts';
import { keptBuild, sourceHash } from './build-cache.mjs';
import { productionBuild } from './production-build.ts';
import { projectRoot } from './project-root.ts';

export interface PageBuild {
  /** The page, from the project's root, such as `index.html`; in `outDir` it has the same name, and no folder. */
  readonly page: string;
  /** Emptied first. */
  readonly outDir: string;
  /** Smaller files, and names of functions that say nothing. */
  readonly minify?: boolean;
  /** Only its workers compute: the page's own code needs no kernels. The texts of shaders in workers have no comments. */
  readonly kernelsInWorkers?: boolean;
}

/** Names without kernels, and layers and optimizers without their calls, for code that asks a net for its shapes alone: 10 of 35 KB in what a form needs, and 2 KB, compressed, of the rest. */
const withoutKernels: Plugin = {
  name: 'wgrad:without-kernels',
  enforce: 'pre',
  async load(id) {
    if (!/\/src\/kernels\/[\w-]+\.ts$/.test(id)) return null;
    const text = await readFile(id, 'utf8');
    if (!text.includes("from './shader.ts'")) return null;
    const names = Array.from(text.matchAll(/^export (?:const|function) (\w+)/gm), ([, name]) => name);
    return names.map((name) => `export const ${name} = undefined;`).join('\n');
  },
  transform: (code, id) =>
    /\/src\/(nn\/layers|optim)\//.test(id)
      ? code.replace(
          // Methods, and properties whose further lines are indented more.
          /^ {2}(forward|mergeStatistics|update)(?:\(.*\) \{$[\s\S]*?^ {2}\},$|: .*(?:\n {4}.*)*,$)/gm,
          '  $1: undefined as never,',
        )
      : null,
};

/** Data sets without where else they can be fetched from: a page asks its own server alone. */
const withoutSources: Plugin = {
  name: 'wgrad:without-sources',
  enforce: 'pre',
  transform: (code, id) =>
    /\/src\/data\/datasets\//.test(id)
      ? code.replace(/^ {2}sources: \[$[\s\S]*?^ {2}\],$/m, '  sources: [],')
      : null,
};

/** Data sets without the hashes of their files, for a page whose worker compares them. */
const withoutHashes: Plugin = {
  name: 'wgrad:without-hashes',
  enforce: 'pre',
  transform: (code, id) =>
    /\/src\/data\/datasets\//.test(id) ? code.replace(/sha256: '\w+'/g, "sha256: ''") : null,
};

/** Templates as they are written, without the indentation of their lines: a browser shows one space for any number of them. */
const withoutIndentation: Plugin = {
  name: 'wgrad:without-indentation',
  enforce: 'pre',
  transform: (code, id) => (/\/src\/page\/views\/.*\.ts$/.test(id) ? code.replace(/\n\s+/g, '\n') : null),
};

/** Builds a page into a folder. Addresses in it are relative: it works under any path. */
export async function buildPage({
  page,
  outDir,
  minify = false,
  kernelsInWorkers = false,
}: PageBuild): Promise<void> {
  const html = join(projectRoot, page);
  await productionBuild({
    root: dirname(html),
    base: './',
    plugins: [
      ...(kernelsInWorkers ? [withoutKernels, withoutSources, withoutHashes] : []),
      ...(minify ? [withoutIndentation] : []),
    ],
    worker: {
      format: 'es',
      plugins: () => (kernelsInWorkers ? [bareShaders(), withoutSources] : []),
      // Notes for bundlers, which none reads any more.
      rolldownOptions: { output: { comments: { annotation: !minify } } },
    },
    build: {
      target: 'es2022',
      outDir,
      emptyOutDir: true,
      minify,
      modulePreload: { polyfill: false },
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: {
        input: html,
        // All that the page starts with in one file: what its views share would be seven more, which compress less, 2.7 KB of 43.
        output: { codeSplitting: { groups: [{ name: 'page', test: /\/src\/page\/main\.ts$/ }] } },
      },
    },
  });
}

/** Folder with a page as `buildPage` makes it, built where it was not built before from the same sources. */
export function builtPage(page: string, options: Pick<PageBuild, 'kernelsInWorkers'> = {}): Promise<string> {
  const [folder] = page.split('/') as [string];
  const key = sourceHash(projectRoot, [...new Set([folder, 'src', 'shaders', 'package-lock.json'])]);
  const name = page.replace(/\.html$/, '').replaceAll('/', '-');
  return keptBuild(name, key, basename(page), (outDir) => buildPage({ page, outDir, ...options }));
}
