/** What every reference function takes and gives: dense row-major arrays of numbers, and tensors with a name. */

/** Any array of numbers: Float32Array from a GPU, Float64Array from another reference function, a literal. */
export type Numbers = ArrayLike<number>;

/** A dense row-major tensor. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Numbers;
}

/** A tensor that a reference function made. */
export interface Tensor64 extends Tensor {
  readonly data: Float64Array;
}

/** Tensors by their PyTorch name, such as `layers.0.linear.weight`. */
export type StateDict = Readonly<Record<string, Tensor>>;

/**
 * Throws unless `array` has `length` elements: reading past the end would give NaN much later.
 * @throws RangeError naming the function and the array
 */
export function expectLength(where: string, name: string, array: Numbers, length: number): void {
  if (array.length !== length) {
    throw new RangeError(`${where}: ${name} must have ${length} elements, got ${array.length}`);
  }
}

/** transposed (columns, rows) of a (rows, columns). */
export function transpose(a: Numbers, rows: number, columns: number): Float64Array {
  expectLength('transpose', 'a', a, rows * columns);
  const transposed = new Float64Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) transposed[c * rows + r] = a[r * columns + c]!;
  }
  return transposed;
}
