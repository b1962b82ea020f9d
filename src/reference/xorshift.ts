/** 32 random bits at each call, as a signed integer: xorshift32 (Marsaglia 2003, https://doi.org/10.18637/jss.v008.i14). `state` is not 0. */
export function xorshift32(state: number): () => number {
  let bits = state;
  return () => {
    bits ^= bits << 13;
    bits ^= bits >>> 17;
    bits ^= bits << 5;
    return bits;
  };
}

/** Numbers in [-1, 1) from a seed. */
export function uniform(seed: number): () => number {
  const next = xorshift32(Math.imul(seed + 1, 0x9e3779b9) | 1);
  return () => next() / 2 ** 31;
}
