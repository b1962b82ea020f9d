// What readers must know of where results come from.

interface Named {
  readonly name: string;
}

/** Names of results by where they come from; empty where that is the same for all. */
function namesBy<R extends Named>(
  results: readonly R[],
  originOf: (result: R) => string,
): [string, string][] {
  const names = new Map<string, string[]>();
  for (const result of results) {
    const origin = originOf(result);
    names.set(origin, [...(names.get(origin) ?? []), result.name]);
  }
  return names.size < 2 ? [] : Array.from(names, ([origin, own]) => [origin, own.join(', ')]);
}

/** Who computed, where that was not one adapter: its rounding differs, so do close neighbours. */
export function adapterNotes(
  results: readonly (Named & { readonly adapter: { readonly name: string } })[],
): string[] {
  const adapters = namesBy(results, ({ adapter }) => adapter.name);
  if (adapters.length === 0) return [];
  const parts = adapters.map(([adapter, names]) => `${adapter} (${names})`);
  return [`${parts.length} adapters took part, which round differently: ${parts.join('; ')}.`];
}

/** Where the source text, or the data, were not the same for all: what changed between them is part of every difference. */
export function versionNotes(
  results: readonly (Named & { readonly codeHash?: string; readonly dataHash?: string })[],
): string[] {
  const parts = namesBy(results, ({ codeHash, dataHash }) => `${codeHash} ${dataHash}`).map(
    ([, names]) => names,
  );
  if (parts.length === 0) return [];
  return [
    `The results are of ${parts.length} versions of this project, which may compute differently: ${parts.join('; ')}. Trained anew in another --out, they are of one.`,
  ];
}
