/** Who computed, where that was not one adapter: its rounding differs, so do close neighbours. */
export function adapterNotes(
  results: readonly { readonly name: string; readonly adapter: { readonly name: string } }[],
): string[] {
  const names = [...new Set(results.map(({ adapter }) => adapter.name))];
  if (names.length < 2) return [];
  const parts = names.map((adapter) => {
    const own = results.filter((result) => result.adapter.name === adapter);
    return `${adapter} (${own.map(({ name }) => name).join(', ')})`;
  });
  return [`${names.length} adapters took part, which round differently: ${parts.join('; ')}.`];
}

/** Where the source text, or the data, were not the same for all: what changed between them is part of every difference. */
export function versionNotes(
  results: readonly { readonly name: string; readonly codeHash?: string; readonly dataHash?: string }[],
): string[] {
  const versions = [...new Set(results.map(({ codeHash, dataHash }) => `${codeHash} ${dataHash}`))];
  if (versions.length < 2) return [];
  const parts = versions.map((version) =>
    results
      .filter(({ codeHash, dataHash }) => `${codeHash} ${dataHash}` === version)
      .map(({ name }) => name)
      .join(', '),
  );
  return [
    `The results are of ${versions.length} versions of this project, which may compute differently: ${parts.join('; ')}. Trained anew in another --out, they are of one.`,
  ];
}
