import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../hosts/user-error.ts';

/**
 * Whether a file that an earlier command left is of the same training.
 * @throws UserError where it was made with other settings, naming them
 */
export function requireSameSettings<S extends object>(path: string, found: S, wanted: S): void {
  // As they are read back from a file.
  const written: unknown = JSON.parse(JSON.stringify(wanted));
  if (isDeepStrictEqual(found, written)) return;
  const keys = Object.keys({ ...found, ...wanted }) as (keyof S & string)[];
  const other = keys.filter((key) => JSON.stringify(found[key]) !== JSON.stringify(wanted[key]));
  throw new UserError(
    `${path} was made with other settings (${other.join(', ')}): use another --out, or delete its folder`,
  );
}
