// What a run of the tests left out, and why, in a file: `npm test` runs several, and says it at its end.
import { appendFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

export class LeftOutReporter implements Reporter {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    for (const { project, children } of modules) {
      for (const test of children.allTests('skipped')) {
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
