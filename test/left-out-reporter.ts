// What a run of the tests left out, and why, in a file: `npm test` runs several, and says it at its end.
import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule, Vitest } from 'vitest/node';

export class LeftOutReporter implements Reporter {
  readonly #file: string;
  #pattern: RegExp | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  onInit({ config: { testNamePattern } }: { config: Pick<Vitest['config'], 'testNamePattern'> }): void {
    this.#pattern = testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const { project, children } of modules) {
      for (const test of children.allTests('skipped')) {
        // Vitest says of those that were not asked for (`-t`) that they were skipped, too; it matches names without `>`.
        if (this.#pattern?.test(test.fullName.replaceAll(' > ', ' ')) === false) continue;
        const result = test.result();
        const reason = (result.state === 'skipped' && result.note) || 'no reason is given';
        appendFileSync(
          this.#file,
          `${JSON.stringify({ project: project.name, name: test.fullName, reason })}\n`,
        );
      }
    }
  }
}
