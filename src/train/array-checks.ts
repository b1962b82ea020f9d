// What arrays have to be before they go to the GPU: types do not reach callers in plain JavaScript.

/** @throws RangeError where it is no array of this type */
export function requireArray<T extends object>(
  field: string,
  value: object | undefined,
  type: (new (...args: never[]) => T) & { readonly name: string },
): asserts value is T {
  if (value instanceof type) return;
  throw new RangeError(`${field}: must be a ${type.name}, got ${value?.constructor.name}`);
}

/** @throws RangeError naming the row of `size` values: a net would be made of NaN by one, whose loss a ReLU may hide. */
export function requireFiniteRows(field: string, rows: Float32Array, size: number): void {
  const place = rows.findIndex((value) => !Number.isFinite(value));
  if (place >= 0)
    throw new RangeError(`${field}: row ${Math.floor(place / size)} has a value of ${rows[place]}`);
}
