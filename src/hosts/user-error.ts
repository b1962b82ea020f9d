/** An error whose message alone tells the user what is wrong and what to do. Exit status 2. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
