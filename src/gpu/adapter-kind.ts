import type { AdapterDescription } from './device.ts';

/**
 * Adapters for which kernels prefer other variants: SwiftShader, other adapters that compute on the CPU (Mesa's lavapipe, Windows'
 * WARP), GPUs by vendor, and GPUs of which nothing is known.
 */
export type AdapterKind = 'swiftshader' | 'cpu' | 'nvidia' | 'amd' | 'intel' | 'apple' | 'gpu';

/** What is cheap and what is dear on a kind of adapter, as far as choices depend on it. */
export interface AdapterTraits {
  readonly kind: AdapterKind;
  /** Workgroups that keep the adapter busy: below, a product is cut into smaller blocks, or its terms into parts. */
  readonly fillingWorkgroups: number;
  /**
   * Most multiply-adds that a shader may write out: what a compiler needs for more is part of what a variant costs. SwiftShader's
   * compiles 2,000 in a second; LLVM takes 10 ms for each (lavapipe in Mesa 25.0, 2026-11-25), and GPUs' drivers are made like it.
   */
  readonly mostUnrolled: number;
}

const vendors: readonly AdapterKind[] = ['nvidia', 'amd', 'intel', 'apple'];

/** The kinds that have workgroup memory and barriers in hardware. */
export const gpus: readonly AdapterKind[] = [...vendors, 'gpu'];

export function kindOf({ vendor, architecture, description, software }: AdapterDescription): AdapterKind {
  if (/swiftshader/i.test(`${architecture} ${description}`)) return 'swiftshader';
  if (software) return 'cpu';
  return vendors.find((name) => name === vendor.toLowerCase()) ?? 'gpu';
}

/** GPUs with memory of their own are wide: 128 workgroups; the others have 64 at most to fill. */
export function traitsOf(kind: AdapterKind): AdapterTraits {
  if (kind === 'swiftshader') return { kind, fillingWorkgroups: 2, mostUnrolled: Number.POSITIVE_INFINITY };
  if (kind === 'cpu') return { kind, fillingWorkgroups: 4, mostUnrolled: 512 };
  const wide = kind === 'nvidia' || kind === 'amd';
  return { kind, fillingWorkgroups: wide ? 128 : 64, mostUnrolled: 1024 };
}
