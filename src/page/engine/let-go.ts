/**
 * Gives an array's memory back at once; its buffer is empty afterwards. Pieces of a file that were left to the collector would gather to 64 MB and more
 * before it runs. Browsers that cannot (before 2024) leave it to the collector. An array that is a part of a larger buffer stays.
 */
export function letGo({ buffer, byteLength }: Uint8Array<ArrayBuffer>): void {
  if (byteLength !== buffer.byteLength) return;
  (buffer as Partial<TransferableBuffer>).transfer?.(0);
}

/** `ArrayBuffer.prototype.transfer` of ECMAScript 2024. */
interface TransferableBuffer {
  transfer(byteLength: number): ArrayBuffer;
}
