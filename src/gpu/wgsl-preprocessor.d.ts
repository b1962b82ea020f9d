declare module 'wgsl-preprocessor/wgsl-preprocessor.js' {
  /** Template tag that keeps or drops text between `#if ${condition}`, `#elif`, `#else` and `#endif`. */
  export function wgsl(strings: readonly string[], ...values: readonly unknown[]): string;
}
