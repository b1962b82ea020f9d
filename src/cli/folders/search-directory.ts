import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SearchPlan } from '../../experiments/search-plan.ts';
import { type SearchReport, searchHtml, searchTable } from '../../experiments/search-report.ts';
import { refuseOthers } from './occupied.ts';
import { PopulationFolders, type PopulationResult } from './population-folders.ts';
import { RunDirectory } from './run-directory.ts';
import { requireSameSettings } from './same-settings.ts';

const resultsFile = 'results.json';
const resultsFormat = 'wgrad search 1';

/** A plan whose settings can be named one by one where they differ, without what a search may have more of: each population is looked at by itself. */
const flat = ({ settings, nets: _, optimizers: __, rounds: ___, ...plan }: SearchPlan) => ({
  ...plan,
  ...settings,
});

/** The folder of a search, for one process: the populations' folders, and what is made of them together. */
export class SearchDirectory extends PopulationFolders {
  readonly #root: RunDirectory;

  /** @throws UserError where another process writes to the folder, or another command has */
  constructor(path: string) {
    super(path);
    this.#root = new RunDirectory(path);
    refuseOthers(path, ({ format }) => format === resultsFormat);
  }

  /**
   * Looks at what an earlier command left.
   * @throws UserError where that was another search
   */
  requireSamePlan(plan: SearchPlan): void {
    const path = join(this.path, resultsFile);
    if (!existsSync(path)) return;
    let found: { readonly plan?: SearchPlan };
    try {
      found = JSON.parse(readFileSync(path, 'utf8')) as typeof found;
    } catch {
      return; // It is made anew from the populations.
    }
    if (found.plan !== undefined) requireSameSettings(path, flat(found.plan), flat(plan));
  }

  /** Makes results.json, report.md and report.html. */
  writeReport(plan: SearchPlan, report: SearchReport, populations: readonly PopulationResult[]): void {
    const { ranked, notes, bestCommand } = report;
    const all = {
      format: resultsFormat,
      updatedAt: new Date().toISOString(),
      plan,
      candidates: ranked,
      notes,
      bestCommand,
      populations: populations.map(({ trials: _, ...population }) => population),
    };
    this.#root.write(resultsFile, `${JSON.stringify(all, null, 1)}\n`);
    this.#root.write('report.md', searchTable(report));
    this.#root.write('report.html', searchHtml(report));
  }
}
