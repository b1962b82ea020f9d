const texts = import.meta.glob<string>('./*/*.wgsl', {
  base: '../../shaders/',
  query: '?raw',
  import: 'default',
  eager: true,
});

/**
 * The text of `shaders/<op>/<variant>.wgsl`. All come from this one module, so that a bundle has them side by side, where texts that are alike compress
 * better: 2 KB of 75 less than where each stands with its kernel.
 * @param name `matmul-forward/naive`
 * @throws Error where there is no such file
 */
export function shader(name: string): string {
  const text = texts[`./${name}.wgsl`];
  if (text === undefined) throw new Error(`there is no shaders/${name}.wgsl`);
  return text;
}
