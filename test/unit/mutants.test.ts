/** test/mutation.mjs, run by hand, changes lines that must be there. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { projectRoot } from '../../src/hosts/project-root.ts';
import { mutants } from '../mutants.mjs';

test.each(mutants)('$what: its line stands in $file once', ({ file, find }) => {
  expect(readFileSync(join(projectRoot, file), 'utf8').split(find)).toHaveLength(2);
});
