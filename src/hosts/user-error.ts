export { UserError } from './user-error.mjs';
