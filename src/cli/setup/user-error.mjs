/** A mistake that the user can mend: `message` alone says what to do. Exit status 2. As in src/hosts/user-error.ts. */
export class UserError extends Error {
  /** @override */
  name = 'UserError';
}
