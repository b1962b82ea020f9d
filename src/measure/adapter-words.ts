import { type AdapterKind, gpus } from '../gpu/adapter-kind.ts';

const softwareNames: Readonly<Partial<Record<AdapterKind, string>>> = {
  swiftshader: 'SwiftShader',
  cpu: 'other software adapters (lavapipe, WARP)',
};

/** `SwiftShader and GPUs`: kinds of adapters as people call them. */
export function kindsText(kinds: readonly AdapterKind[]): string {
  const isAnyGpu = gpus.every((kind) => kinds.includes(kind));
  const names = kinds.map((kind) => softwareNames[kind] ?? (isAnyGpu ? 'GPUs' : `${kind} adapters`));
  return [...new Set(names)].join(' and ');
}
