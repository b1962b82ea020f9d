import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Duration } from '../../experiments/duration.ts';
import type { Trial } from '../../experiments/search-ranking.ts';
import type { SearchTask } from '../../experiments/search-state.ts';
import type { AdapterDescription } from '../../gpu/device.ts';
import { UserError } from '../../hosts/user-error.ts';
import { type Checkpoint, withReplicas } from '../../train/checkpoint.ts';
import type { TrainSettings } from '../../train/settings.ts';
import { checkpointFile, readCheckpointFile } from './checkpoint-file.ts';
import type { Provenance } from './provenance.ts';
import { RunDirectory } from './run-directory.ts';
import { requireSameSettings } from './same-settings.ts';

/** What a population came to at the end of its settings' steps. */
export interface PopulationResult extends Partial<Duration>, Provenance {
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

/** Name of a finished population's result in its folder. */
export const resultFile = 'result.json';

/** A folder for each population of a search. Several processes may work in it, each in folders of its own. */
export class PopulationFolders {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The folder of a population, made where it is missing. */
  folder(name: string): RunDirectory {
    return new RunDirectory(join(this.path, name));
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

  /** `finished`, which looks for each file until it is there, and reads it once. */
  reader(): (name: string, settings: TrainSettings) => PopulationResult | undefined {
    const known = new Map<string, PopulationResult>();
    return (name, settings) => {
      const result = known.get(name) ?? this.finished(name, settings);
      if (result !== undefined) known.set(name, result);
      return result;
    };
  }

  /**
   * The checkpoint that a training goes on from: its own, or that of the survivors of the rung before.
   * @throws UserError where it is damaged or missing, or was made with other settings
   */
  startOf({ name, settings, from }: Pick<SearchTask, 'name' | 'settings' | 'from'>): Checkpoint | undefined {
    const own = this.#checkpoint(name);
    if (own !== undefined) {
      requireSameSettings(join(this.path, name, checkpointFile), own.settings, settings);
      return own;
    }
    if (from === null) return undefined;
    const before = this.#checkpoint(from.name);
    if (before === undefined) {
      throw new UserError(
        `${join(this.path, from.name)} lacks its checkpoint: delete that folder to train the population again`,
      );
    }
    return withReplicas(before, from.places, settings.steps);
  }

  /** Keeps a result: from now on the population is finished. */
  write(result: PopulationResult): void {
    this.folder(result.name).write(resultFile, `${JSON.stringify(result, null, 1)}\n`);
  }

  /** Checkpoints are large: those that nothing goes on from are not kept. */
  removeCheckpoint(name: string): void {
    rmSync(join(this.path, name, checkpointFile), { force: true });
  }

  #checkpoint(name: string): Checkpoint | undefined {
    const path = join(this.path, name, checkpointFile);
    if (!existsSync(path)) return undefined;
    return readCheckpointFile(path, 'delete the folder to train the population again').checkpoint;
  }
}
