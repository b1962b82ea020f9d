/** An error whose message alone tells the user what is wrong and what to do. Exit status 2. Plain JavaScript: main.mjs needs it before any TypeScript can run. */
export class UserError extends Error {
  /** @override */
  name = 'UserError';
}
