import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { markdownTable } from '../../../bench/report/markdown.ts';
import { peerTable } from '../../../bench/report/peer-table.ts';
import { parseBenchFile } from '../../../src/measure/schema.ts';

const root = join(import.meta.dirname, '../../..');
const results = join(root, 'bench/results');

/** The committed results of `npm run bench`, the newest last; what a kit measured lies in folders beside them. */
const files = readdirSync(results, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(results, entry.name, 'results.json')))
  .map(({ name }) => parseBenchFile(readFileSync(join(results, name, 'results.json'), 'utf8')))
  .sort((a, b) => a.header.startedAt.localeCompare(b.header.startedAt));

test('the README shows the newest committed steps of peers, with their adapter and date', () => {
  const { header, ...rest } = files.findLast(({ groups }) => groups.some(({ op }) => op === 'net-step'))!;
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  expect(readme).toContain(markdownTable(peerTable({ header, ...rest })));
  expect(readme).toContain(header.startedAt.slice(0, 10));
  expect(readme).toContain(header.adapter.description);
});

test('committed results are whole runs of a known commit', () => {
  for (const { header } of files) {
    expect(header.complete).toBe(true);
    expect(header.commit).toMatch(/^[0-9a-f]+$/);
  }
});
