import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { datasetOf } from '../../data/datasets/index.ts';
import { accuracyByTime, timeTable } from '../../experiments/accuracy-by-time.ts';
import { type Comparison, compare } from '../../experiments/comparison.ts';
import { readCurves } from '../../experiments/curves.ts';
import { reportHtml, type TrainingRecord } from '../../experiments/report-html.ts';
import type { ExperimentResult, Results } from '../../experiments/results.ts';
import type { Study } from '../../experiments/studies.ts';
import { markdownTable } from '../../experiments/table.ts';
import { weightImage } from '../../experiments/weight-image.ts';
import { readSafetensors } from '../../train/safetensors.ts';
import { ExperimentFolders } from './experiment-folders.ts';
import { refuseOthers } from './occupied.ts';
import { RunDirectory } from './run-directory.ts';

const resultsFormat = 'wgrad experiments 1';

/** The folder of a study, for one process: the experiments' folders, and what is made of them together. */
export class ExperimentsDirectory extends ExperimentFolders {
  readonly study: Study;
  readonly #root: RunDirectory;

  /** @throws UserError where another process writes to the folder, or another command or study has */
  constructor(path: string, study: Study) {
    super(path);
    this.study = study;
    this.#root = new RunDirectory(path);
    refuseOthers(path, (file) => file.format === resultsFormat && file.study === study.name);
  }

  /** Makes results.json, report.md and report.html from every experiment that is finished. */
  writeReport(): { readonly comparison: Comparison; readonly markdown: string } {
    const results: Results = this.study.experiments.flatMap(({ name }) => this.result(name) ?? []);
    const comparison = compare(results);
    const trainings: Record<string, TrainingRecord> = {};
    for (const result of results) trainings[result.trainedAs] ??= this.#record(result);
    const curves = Object.fromEntries(Object.entries(trainings).map(([name, { curves }]) => [name, curves]));
    const byTime = accuracyByTime(results, curves);
    const tables = [markdownTable(comparison), ...(byTime === undefined ? [] : [timeTable(byTime, results)])];
    const markdown = tables.join('\n');
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

  #record({ name, perSeed, settings }: ExperimentResult): TrainingRecord {
    const folder = join(this.path, name);
    const weights = perSeed.length === 1 ? 'weights.safetensors' : `weights.${perSeed[0]!.seed}.safetensors`;
    const { tensors } = readSafetensors(new Uint8Array(readFileSync(join(folder, weights))));
    // (units, values of an image), or (filters, channels, height, width).
    const { data, shape } = tensors.find(({ name }) => /^layers\.0\.(linear|conv)\.weight$/.test(name))!;
    const [, channels, height = 0, width = 0] = shape;
    const image = shape.length === 4 ? { channels: channels!, height, width } : datasetOf(settings).image;
    return {
      curves: readCurves(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')),
      weights: weightImage(data, image),
    };
  }
}
