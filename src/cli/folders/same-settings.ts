import { isDeepStrictEqual } from 'node:util';
import { UserError } from '../../hosts/user-error.ts';

/**
 * Whether a file that an earlier command left is of the same training.
 * @param remedy what to do where it is not
 * @throws UserError where it was made with other settings, naming them
 */
export function requireSameSettings<S extends object>(
  path: string,
  found: S,
  wanted: S,
  remedy = 'use another --out, or delete its folder',
): void {
  // As they are read back from a file.
  const written: S = JSON.parse(JSON.stringify(wanted));
  if (isDeepStrictEqual(found, written)) return;
  const other = keysThatDiffer(found, written).flatMap((key) => {
    const [ours, theirs] = [written, found].map((settings) => (settings as Populated).replicas);
    return key === 'replicas' ? fieldsThatDiffer(ours ?? [], theirs ?? []) : [key];
  });
  throw new UserError(`${path} was made with other settings (${other.join(', ')}): ${remedy}`);
}

/** Settings of a training; what a study or a search compares may have none. */
interface Populated {
  readonly replicas?: readonly object[];
}

const keysThatDiffer = <S extends object>(a: S, b: S): (keyof S & string)[] =>
  (Object.keys({ ...a, ...b }) as (keyof S & string)[]).filter((key) => !isDeepStrictEqual(a[key], b[key]));

/** Of replicas: seed, lambda, rateScale; `replicas` where there are more of them or fewer. */
function fieldsThatDiffer(some: readonly object[], others: readonly object[]): string[] {
  if (some.length !== others.length) return ['replicas'];
  return [...new Set(some.flatMap((replica, i) => keysThatDiffer(replica, others[i]!)))];
}
