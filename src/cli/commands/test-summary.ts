/** A test that was left out, or what failed: a test, a group, a file, or what Vitest caught outside of all. */
export interface Outcome {
  readonly kind: 'left out' | 'failed';
  readonly project: string;
  readonly name: string;
  readonly reason: string;
}

/** Names of tests that are said for each reason why they were left out. */
const shown = 3;

/** Outcomes in lines of JSON, one each (test/summary-reporter.ts). */
export const readOutcomes = (text: string): Outcome[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Outcome);

/** What `npm test` left out: a line for each reason. */
export function leftOutLines(outcomes: readonly Outcome[]): string[] {
  const names = new Map<string, string[]>();
  for (const { kind, project, name, reason } of outcomes) {
    if (kind !== 'left out') continue;
    const key = `${project}: ${reason}`;
    names.set(key, [...(names.get(key) ?? []), name]);
  }
  return [...names].map(([key, all]) => {
    const rest = all.length > shown ? `, and ${all.length - shown} more` : '';
    const count = all.length === 1 ? '1 test' : `${all.length} tests`;
    return `left out, ${count} of ${key} (${all.slice(0, shown).join('; ')}${rest})`;
  });
}

/** What failed: a line each. A part of `statuses`, by the names of their projects, that failed and names no test has one, too. */
export function failedLines(outcomes: readonly Outcome[], statuses: ReadonlyMap<string, number>): string[] {
  const failed = outcomes.filter(({ kind }) => kind === 'failed');
  // Of tests in a browser Vitest says which: `gpu (chrome)`.
  const named = new Set(failed.map(({ project }) => project.replace(/ \(.*\)$/, '')));
  const unnamed = [...statuses].filter(([project, status]) => status !== 0 && !named.has(project));
  return [
    ...failed.map(({ project, name, reason }) => `failed, ${project}: ${name}: ${reason}`),
    ...unnamed.map(([project, status]) => `failed, ${project}: exit status ${status}; it named no test`),
  ];
}
