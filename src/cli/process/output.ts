/** Nobody reads any more (a closed pipe), or the terminal is gone. */
const closedCodes = new Set(['EPIPE', 'EIO', 'ECONNRESET', 'ERR_STREAM_DESTROYED']);

/** Where a command writes; a test has its own. */
export interface Outputs {
  readonly stdout: Pick<NodeJS.WriteStream, 'on'>;
  readonly stderr: Pick<NodeJS.WriteStream, 'on'>;
}

/**
 * Lets a command go on where its output cannot be written. Progress that nobody reads must not end training, and results that
 * nobody reads must not keep their files from being written. Results that are lost for another reason, such as a full disk
 * behind `> file`, are a failure: it is returned by the function that this returns.
 */
export function tolerateClosedOutput({ stdout, stderr }: Outputs): () => Error | undefined {
  let failure: Error | undefined;
  stderr.on('error', () => {});
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (!closedCodes.has(error.code ?? '')) failure ??= error;
  });
  return () => failure;
}
