import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Duration } from '../../experiments/duration.ts';
import type { SearchPlan } from '../../experiments/search-plan.ts';
import type { Trial } from '../../experiments/search-ranking.ts';
import { type SearchReport, searchHtml, searchTable } from '../../experiments/search-report.ts';
import type { AdapterDescription } from '../../gpu/device.ts';
import { UserError } from '../../hosts/user-error.ts';
import type { Checkpoint } from '../../train/checkpoint.ts';
import type { TrainSettings } from '../../train/settings.ts';
import { checkpointFile, readCheckpointFile } from './checkpoint-file.ts';
import { refuseOthers } from './occupied.ts';
import { RunDirectory } from './run-directory.ts';
import { requireSameSettings } from './same-settings.ts';

/** What a population came to at the end of its settings' steps. */
export interface PopulationResult extends Partial<Duration> {
  readonly name: string;
  readonly settings: TrainSettings;
  /** Of each replica of the settings. */
  readonly trials: readonly Trial[];
  readonly adapter: AdapterDescription & { readonly name: string };
  readonly browser: string;
  readonly dataSource: string;
  /** ISO dates. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Step at which the last session began. */
  readonly resumedAtStep: number;
  /** GPU time of a step of the whole population. */
  readonly msPerStep: number | null;
  readonly dispatchesPerStep: number;
  readonly modelBytes: number;
  readonly variants: Readonly<Record<string, string>>;
}

const resultFile = 'result.json';
const resultsFile = 'results.json';
const resultsFormat = 'wgrad search 1';

/** A plan whose settings can be named one by one where they differ. */
const flat = ({ settings, ...plan }: SearchPlan) => ({ ...plan, ...settings });

/** The folder of a search: a folder for each population, and what is made of them together. */
export class SearchDirectory {
  readonly path: string;
  readonly #root: RunDirectory;

  /** @throws UserError where another process writes to the folder, or another command has */
  constructor(path: string) {
    this.path = path;
    this.#root = new RunDirectory(path);
    refuseOthers(path, ({ format }) => format === resultsFormat);
  }

  /** The folder of a population, made where it is missing. */
  folder(name: string): RunDirectory {
    return new RunDirectory(join(this.path, name));
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

  /**
   * The result of a finished population.
   * @throws UserError where it is damaged or was made with other settings
   */
  finished(name: string, settings: TrainSettings): PopulationResult | undefined {
    const path = join(this.path, name, resultFile);
    if (!existsSync(path)) return undefined;
    let result: PopulationResult;
    try {
      result = JSON.parse(readFileSync(path, 'utf8')) as PopulationResult;
    } catch (error) {
      throw new UserError(
        `${path} is damaged: ${(error as Error).message}; delete it to train the population again`,
      );
    }
    requireSameSettings(path, result.settings, settings);
    return result;
  }

  /** The last checkpoint of a population. @throws UserError where it is damaged */
  checkpoint(name: string): Checkpoint | undefined {
    const path = join(this.path, name, checkpointFile);
    if (!existsSync(path)) return undefined;
    return readCheckpointFile(path, 'delete the folder to train the population again').checkpoint;
  }

  /**
   * The checkpoint that a population goes on from.
   * @throws UserError where it is damaged or was made with other settings
   */
  checkpointOf(name: string, settings: TrainSettings): Checkpoint | undefined {
    const checkpoint = this.checkpoint(name);
    if (checkpoint !== undefined) {
      requireSameSettings(join(this.path, name, checkpointFile), checkpoint.settings, settings);
    }
    return checkpoint;
  }

  /** Keeps a result: from now on the population is finished. */
  write(result: PopulationResult): void {
    this.folder(result.name).write(resultFile, `${JSON.stringify(result, null, 1)}\n`);
  }

  /** Checkpoints are large: those that nothing goes on from are not kept. */
  removeCheckpoint(name: string): void {
    rmSync(join(this.path, name, checkpointFile), { force: true });
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
