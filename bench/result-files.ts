import { dirname, join } from 'node:path';
import { makeFolder } from '../src/cli/folders/make-folder.ts';
import { writeFileAtomicallySync as write } from '../src/data/files/atomic-file.ts';
import { formatBenchFile } from '../src/measure/schema.ts';
import { traceFile } from '../src/measure/trace.ts';
import type { Analysis } from './analysis.ts';
import { htmlReport } from './report/html.ts';
import { markdownReport } from './report/markdown.ts';

/** Writes every form of the results into `folder`, and the JSON file to `json` too. @throws FileWriteError */
export function writeResults(analysis: Analysis, folder: string, json: string | undefined): void {
  const text = formatBenchFile(analysis.file);
  write(join(folder, 'results.json'), text);
  write(join(folder, 'results.md'), markdownReport(analysis));
  write(join(folder, 'report.html'), htmlReport(analysis));
  write(join(folder, 'trace.json'), traceFile(analysis.profiles));
  if (json === undefined) return;
  makeFolder(dirname(json));
  write(json, text);
}
