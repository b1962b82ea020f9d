import { UserError } from '../../hosts/user-error.ts';

/** Work that this process may not do, since another one does it or has begun it elsewhere. Nothing is said of what it comes to. */
export class LeftToOthers extends UserError {}
