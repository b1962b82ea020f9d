// jstat has no types of its own: what is used of it.
declare module 'jstat' {
  interface Distribution<Parameters extends readonly number[]> {
    cdf(x: number, ...parameters: Parameters): number;
    inv(p: number, ...parameters: Parameters): number;
  }
  const jstat: {
    mean(values: readonly number[]): number;
    /** `sample`: divides by n - 1. */
    stdev(values: readonly number[], sample: boolean): number;
    quantiles(values: readonly number[], quantiles: readonly number[]): number[];
    /** p-value of Student's one-sample test that the mean of `values` is `value`. */
    ttest(value: number, values: readonly number[], sides: 1 | 2): number;
    readonly normal: Distribution<[mean: number, standardDeviation: number]>;
    readonly studentt: Distribution<[degrees: number]>;
    readonly noncentralt: { cdf(x: number, degrees: number, noncentrality: number): number };
  };
  export default jstat;
}
