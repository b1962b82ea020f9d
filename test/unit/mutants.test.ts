/** test/mutation.mjs, run by hand, changes lines that must be there. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/hosts/project-root.ts';
import { mutants } from '../mutants.mjs';
import { pageMutants } from '../page-mutants.mjs';

const all = [...mutants, ...pageMutants];

test.each(all)('$what: its line stands in $file once', ({ file, find }) => {
  expect(readFileSync(join(projectRoot, file), 'utf8').split(find)).toHaveLength(2);
});

/** Where the tests of a part are (vite.config.ts). */
const folders = { unit: /^test\/unit\//, page: /^test\/e2e\/page/, gpu: /^test\/(kernels|training|page)\// };

test('their tests are there, in the part that is run', () => {
  const parts = readFileSync(join(projectRoot, 'vite.config.ts'), 'utf8');
  for (const { what, project, tests } of all) {
    expect(parts, what).toMatch(new RegExp(`(inNode\\(|name: )'${project}'`));
    for (const path of tests) {
      expect(path, what).toMatch(folders[project]);
      expect(existsSync(join(projectRoot, path)), `${what}: ${path}`).toBe(true);
    }
  }
});
