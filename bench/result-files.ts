import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { UserError } from '../src/hosts/user-error.ts';
import { formatBenchFile } from '../src/measure/schema.ts';
import type { Analysis } from './analysis.ts';
import { htmlReport } from './report/html.ts';
import { markdownReport } from './report/markdown.ts';
import { traceFile } from './report/trace.ts';

/** Writes under a temporary name, then renames: a reader sees the old file or the new one, never a part. */
function write(path: string, content: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    throw new UserError(`cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Writes every form of the results into `folder`, and the JSON file to `json` too. Returns the folder. */
export function writeResults(analysis: Analysis, folder: string, json: string | undefined): string {
  const text = formatBenchFile(analysis.file);
  write(join(folder, 'results.json'), text);
  write(join(folder, 'results.md'), markdownReport(analysis));
  write(join(folder, 'report.html'), htmlReport(analysis));
  write(join(folder, 'trace.json'), traceFile(analysis.profiles));
  if (json !== undefined) write(json, text);
  return folder;
}
