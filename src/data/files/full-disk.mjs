// Plain JavaScript: the command line needs it before TypeScript can be loaded.

/**
 * Whether an error, or what caused it, says that a disk is full, or a user's share of it.
 *
 * @param {unknown} error
 * @returns {boolean}
 */
export function isFullDisk(error) {
  const { code, cause } = /** @type {{ code?: unknown, cause?: unknown }} */ (error ?? {});
  return code === 'ENOSPC' || code === 'EDQUOT' || (cause !== undefined && isFullDisk(cause));
}
