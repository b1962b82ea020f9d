import type { Analysis } from '../analysis.ts';
export const htmlReport = (_: Analysis): string => '';
