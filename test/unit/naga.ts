// naga (the shader compiler of Firefox and Deno) as WebAssembly, from an npm package made for bundlers.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

interface Bindings {
  compileShader(source: string, format: string): string;
  __wbg_set_wasm(exports: WebAssembly.Exports): void;
}

async function load(): Promise<Bindings> {
  const folder = dirname(createRequire(import.meta.url).resolve('wgsl-wasm-transpiler-bundler'));
  const bindings: Bindings = await import(
    /* @vite-ignore */ pathToFileURL(join(folder, 'wgsl_wasm_transpiler_bg.js')).href
  );
  const bytes = readFileSync(join(folder, 'wgsl_wasm_transpiler_bg.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, {
    './wgsl_wasm_transpiler_bg.js': { ...bindings },
  });
  bindings.__wbg_set_wasm(instance.exports);
  (instance.exports.__wbindgen_start as () => void)();
  return bindings;
}

const bindings = await load();

/**
 * What naga 25 has against a text; undefined where it parses and validates. naga has no `enable subgroups`, and of the quad operations only
 * later versions know the names: they are read as subgroupBroadcastFirst, which takes and gives the same types.
 */
export function nagaRefusal(code: string): string | undefined {
  const readable = code
    .replace(/^enable subgroups;\n/, '')
    .replace(/\bquadSwap(X|Y|Diagonal)\(/g, 'subgroupBroadcastFirst(');
  try {
    bindings.compileShader(readable, 'wgsl');
    return undefined;
  } catch (error) {
    return String(error);
  }
}
