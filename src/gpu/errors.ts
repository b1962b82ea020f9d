/**
 * Something that the adapter, the device or a shader refused. The message is one line that says what and where, since users see it; a text of
 * several, such as a shader with what its compiler says, is the cause.
 */
export class GpuError extends Error {
  override readonly name = 'GpuError';

  constructor(text: string) {
    const whole = text.replaceAll('\n - ', ' - ').trim(); // Dawn names what is wrong in the lines behind the first.
    const line = whole.split('\n', 1)[0]!;
    super(line, line === whole ? {} : { cause: new Error(whole) });
  }
}

/** Numbers the lines of a shader, as compiler messages count them. */
export function numberLines(code: string): string {
  return code
    .split('\n')
    .map((line, index) => `${String(index + 1).padStart(4)} | ${line}`)
    .join('\n');
}

/**
 * Runs `make` inside validation and out-of-memory error scopes. A device has one stack of scopes: calls must not overlap.
 * @throws GpuError with `what` and WebGPU's message where a scope caught something.
 */
export async function withErrorScopes<T>(
  device: GPUDevice,
  what: string,
  make: () => T | Promise<T>,
): Promise<T> {
  device.pushErrorScope('out-of-memory');
  device.pushErrorScope('validation');
  let result: T;
  try {
    result = await make();
  } finally {
    const scopes = [device.popErrorScope(), device.popErrorScope()];
    for (const error of await Promise.all(scopes)) {
      if (error !== null) {
        const kind = error instanceof GPUOutOfMemoryError ? 'out of GPU memory' : 'WebGPU refuses it';
        // biome-ignore lint/correctness/noUnsafeFinally: the scope's error is the cause of whatever was thrown inside.
        throw new GpuError(`${what}: ${kind}: ${error.message}`);
      }
    }
  }
  return result;
}
