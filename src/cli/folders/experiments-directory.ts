import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Comparison, compare } from '../../experiments/comparison.ts';
import { readCurves } from '../../experiments/curves.ts';
import { reportHtml, type TrainingRecord } from '../../experiments/report-html.ts';
import type { ExperimentResult, Results } from '../../experiments/results.ts';
import type { Study } from '../../experiments/studies.ts';
import { markdownTable } from '../../experiments/table.ts';
import type { Planned, Training } from '../../experiments/trainings.ts';
import { weightImage } from '../../experiments/weight-image.ts';
import { UserError } from '../../hosts/user-error.ts';
import { readSafetensors } from '../../train/safetensors.ts';
import { checkpointFile, readCheckpointFile } from './checkpoint-file.ts';
import { refuseOthers } from './occupied.ts';
import { RunDirectory } from './run-directory.ts';
import { requireSameSettings } from './same-settings.ts';

const resultFile = 'result.json';
const resultsFormat = 'wgrad experiments 1';

/** The folder of a study: a folder for each experiment, and what is made of them together. */
export class ExperimentsDirectory {
  readonly path: string;
  readonly study: Study;
  readonly #root: RunDirectory;

  /** @throws UserError where another process writes to the folder, or another command or study has */
  constructor(path: string, study: Study) {
    this.path = path;
    this.study = study;
    this.#root = new RunDirectory(path);
    refuseOthers(path, (file) => file.format === resultsFormat && file.study === study.name);
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
    const path = join(this.path, name, resultFile);
    if (!existsSync(path)) return undefined;
    const result = this.#read(path);
    requireSameSettings(path, result.settings, settings);
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

  /** Makes results.json, report.md and report.html from every experiment that is finished. */
  writeReport(): { readonly comparison: Comparison; readonly markdown: string } {
    const results: Results = this.study.experiments.flatMap(({ name }) => {
      const path = join(this.path, name, resultFile);
      return existsSync(path) ? [this.#read(path)] : [];
    });
    const comparison = compare(results);
    const markdown = markdownTable(comparison);
    const trainings: Record<string, TrainingRecord> = {};
    for (const result of results) trainings[result.trainedAs] ??= this.#record(result);
    const all = {
      format: resultsFormat,
      study: this.study.name,
      updatedAt: new Date().toISOString(),
      experiments: results,
      comparison,
    };
    this.#root.write('results.json', `${JSON.stringify(all, null, 1)}\n`);
    this.#root.write('report.md', markdown);
    this.#root.write('report.html', reportHtml({ results, comparison, trainings }));
    return { comparison, markdown };
  }

  #record({ name, perSeed }: ExperimentResult): TrainingRecord {
    const folder = join(this.path, name);
    const weights = perSeed.length === 1 ? 'weights.safetensors' : `weights.${perSeed[0]!.seed}.safetensors`;
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(join(folder, weights))));
    const first = tensors.find((tensor) => tensor.name === 'layers.0.linear.weight')!;
    return {
      curves: readCurves(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')),
      weights: weightImage(first.data),
    };
  }

  #read(path: string): ExperimentResult {
    try {
      return JSON.parse(readFileSync(path, 'utf8')) as ExperimentResult;
    } catch (error) {
      throw new UserError(
        `${path} is damaged: ${(error as Error).message}; delete it to run the experiment again`,
      );
    }
  }
}
