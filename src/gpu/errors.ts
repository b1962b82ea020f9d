/** Something that the adapter, the device or a shader refused; the message says what and where, in one line. */
export class GpuError extends Error {
  override readonly name = 'GpuError';

  constructor(message: string, options?: ErrorOptions) {
    super(message.trim().replace(/\s*\n\s*/g, ' '), options); // What drivers say has several.
  }
}

/** What was thrown, in words. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Numbers the lines of a shader, as compiler messages count them. */
export function numberLines(code: string): string {
  return code
    .split('\n')
    .map((line, index) => `${String(index + 1).padStart(4)} | ${line}`)
    .join('\n');
}

/** A refused shader in one line, since users see it; the cause has the whole reason and the text, for whoever writes shaders. */
export const shaderError = (what: string, reason: string, code: string): GpuError =>
  new GpuError(`${what}: ${reason.trim().split('\n', 1)[0]}`, {
    cause: new Error(`${reason}\n${numberLines(code)}`),
  });

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
