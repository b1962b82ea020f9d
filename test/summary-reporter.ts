// What a run of the tests left out and what failed in it, in a file: `npm test` runs several, and says it at its end.
import { appendFileSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node';
import type { Outcome } from '../src/cli/commands/test-summary.ts';

export class SummaryReporter implements Reporter {
  readonly #file: string;
  #pattern: RegExp | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  onInit({ config: { testNamePattern } }: { config: Pick<Vitest['config'], 'testNamePattern'> }): void {
    this.#pattern = testNamePattern;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly Pick<SerializedError, 'message'>[]): void {
    for (const module of modules) {
      const { name: project } = module.project;
      for (const test of module.children.allTests('skipped')) {
        // Vitest says of those that were not asked for (`-t`) that they were skipped, too; it matches names without `>`.
        if (this.#pattern?.test(test.fullName.replaceAll(' > ', ' ')) === false) continue;
        const result = test.result();
        const reason = (result.state === 'skipped' && result.note) || 'no reason is given';
        this.#add({ kind: 'left out', project, name: test.fullName, reason });
      }
      const file = module.relativeModuleId;
      for (const error of module.errors()) this.#addFailure(project, file, error);
      for (const suite of module.children.allSuites())
        for (const error of suite.errors()) this.#addFailure(project, `${file} > ${suite.fullName}`, error);
      for (const test of module.children.allTests('failed'))
        this.#addFailure(project, `${file} > ${test.fullName}`, test.result().errors?.[0]);
    }
    for (const error of unhandled)
      this.#addFailure(modules[0]?.project.name ?? 'tests', 'outside of all tests', error);
  }

  /** The first line of an error's message is what fits a summary. */
  #addFailure(project: string, name: string, error: Pick<SerializedError, 'message'> | undefined): void {
    const reason = error?.message.split('\n', 1)[0] ?? 'no error is given';
    this.#add({ kind: 'failed', project, name, reason });
  }

  #add(outcome: Outcome): void {
    appendFileSync(this.#file, `${JSON.stringify(outcome)}\n`);
  }
}
