/** Probabilities of rows of logits, (n, classes). */
export function softmaxRows(logits: Float32Array, classes: number): Float32Array<ArrayBuffer> {
  const result = new Float32Array(logits.length);
  for (let at = 0; at < logits.length; at += classes) {
    const row = logits.subarray(at, at + classes);
    const largest = row.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
    const sum = row.reduce((total, value) => total + Math.exp(value - largest), 0);
    for (let i = 0; i < classes; i++) result[at + i] = Math.exp(row[i]! - largest) / sum;
  }
  return result;
}
