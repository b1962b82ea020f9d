/** lookahead: where keep is not below 0, slow <- keep slow + (1 - keep) fast, and fast <- slow. */
import { expectLength, type Numbers } from './numbers.ts';

/** Both after it. */
export interface Lookahead {
  readonly slow: Float64Array;
  readonly fast: Float64Array;
}

export function lookahead(slow: Numbers, fast: Numbers, keep: number): Lookahead {
  expectLength('lookahead', 'fast', fast, slow.length);
  if (keep < 0) return { slow: Float64Array.from(slow), fast: Float64Array.from(fast) };
  const moved = Float64Array.from(slow, (value, i) => keep * value + (1 - keep) * fast[i]!);
  return { slow: moved, fast: moved };
}
