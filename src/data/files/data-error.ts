/** The data cannot be had, for a reason the user can do something about: `message` is one line that says what. */
export class DataError extends Error {
  override readonly name = 'DataError';
}
