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
