import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExperimentResult } from '../../experiments/results.ts';
import type { Planned, Training } from '../../experiments/trainings.ts';
import { UserError } from '../../hosts/user-error.ts';
import { checkpointFile, readCheckpointFile } from './checkpoint-file.ts';
import { RunDirectory } from './run-directory.ts';
import { requireSameSettings } from './same-settings.ts';

const resultFile = 'result.json';

/** A folder for each experiment of a study. Several processes may work in it, each in folders of its own. */
export class ExperimentFolders {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The folder of one experiment, made where it is missing. */
  folder(name: string): RunDirectory {
    return new RunDirectory(join(this.path, name));
  }

  /**
   * The result of a finished experiment.
   * @throws UserError where it is damaged or was made with other settings
   */
  finished({ experiment: { name }, settings }: Planned): ExperimentResult | undefined {
    const result = this.result(name);
    if (result !== undefined) requireSameSettings(this.resultPath(name), result.settings, settings);
    return result;
  }

  /**
   * The checkpoint that a training goes on from.
   * @throws UserError where it is damaged or was made with other settings
   */
  checkpoint({ name, members }: Training): Uint8Array<ArrayBuffer> | undefined {
    const path = join(this.path, name, checkpointFile);
    if (!existsSync(path)) return undefined;
    const { file, checkpoint } = readCheckpointFile(path, `delete it to train ${name} from the start`);
    requireSameSettings(path, checkpoint.settings, members[0]!.settings);
    return file;
  }

  /** Keeps a result: from now on the experiment is finished. */
  write(result: ExperimentResult, weights: readonly Uint8Array[], trained: RunDirectory): void {
    const folder = this.folder(result.name);
    for (const [i, { seed }] of result.perSeed.entries()) {
      folder.write(weights.length === 1 ? 'weights.safetensors' : `weights.${seed}.safetensors`, weights[i]!);
    }
    if (folder.path !== trained.path) {
      folder.write('metrics.jsonl', readFileSync(join(trained.path, 'metrics.jsonl')));
    }
    folder.write(resultFile, `${JSON.stringify(result, null, 1)}\n`);
  }

  /** Where the result of an experiment is or will be. */
  resultPath(name: string): string {
    return join(this.path, name, resultFile);
  }

  /** The result of an experiment, whatever its settings, where it is finished. @throws UserError where it is damaged */
  result(name: string): ExperimentResult | undefined {
    const path = this.resultPath(name);
    if (!existsSync(path)) return undefined;
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as ExperimentResult;
    } catch (error) {
      throw new UserError(
        `${path} is damaged: ${(error as Error).message}; delete it to run the experiment again`,
      );
    }
  }
}
