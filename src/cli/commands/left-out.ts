/** A test that was not run. */
interface LeftOut {
  readonly project: string;
  readonly name: string;
  readonly reason: string;
}

/** Names of tests that are said for each reason. */
const shown = 3;

/** What `npm test` left out, a line for each reason: of lines of JSON, one a test (test/left-out-reporter.ts). */
export function leftOutLines(text: string): string[] {
  const names = new Map<string, string[]>();
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const { project, name, reason } = JSON.parse(line) as LeftOut;
    const key = `${project}: ${reason}`;
    names.set(key, [...(names.get(key) ?? []), name]);
  }
  return [...names].map(([key, all]) => {
    const rest = all.length > shown ? `, and ${all.length - shown} more` : '';
    const count = all.length === 1 ? '1 test' : `${all.length} tests`;
    return `left out, ${count} of ${key} (${all.slice(0, shown).join('; ')}${rest})`;
  });
}
