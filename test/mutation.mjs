// Breaks the sources in one place at a time and runs the tests that should notice: node test/mutation.mjs [--page] [--only 3,7] [--list]
// Run by hand. Each mutant is made in a copy of the project, so that what goes on in this one is not disturbed; one Vitest per project runs all of them.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createVitest } from 'vitest/node';
import { mutants } from './mutants.mjs';
import { pageMutants } from './page-mutants.mjs';

/** @typedef {import('./mutants.mjs').Mutant} Mutant */

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const values = givenOptions();
const all = (values.page ? pageMutants : mutants).map((mutant, i) => ({ ...mutant, number: i + 1 }));
const only = values.only?.split(',') ?? all.map(({ number }) => `${number}`);
const unknown = only.find((number) => !all.some((mutant) => `${mutant.number}` === number));
if (unknown !== undefined) refuse(`--only ${values.only}: mutants have the numbers 1 to ${all.length}`);
const chosen = all.filter(({ number }) => only.includes(`${number}`));

if (values.list) {
  for (const { number, file, what } of chosen) console.log(`${number}  ${file}: ${what}`);
  process.exit(0);
}

function givenOptions() {
  try {
    return parseArgs({
      options: { only: { type: 'string' }, list: { type: 'boolean' }, page: { type: 'boolean' } },
    }).values;
  } catch (error) {
    return refuse(/** @type {Error} */ (error).message.replace(/\. .*$/s, ''));
  }
}

/**
 * @param {string} why
 * @returns {never}
 */
function refuse(why) {
  console.error(`mutation: ${why}`);
  process.exit(2);
}

const copy = mkdtempSync(join(tmpdir(), 'wgrad-mutation-'));
process.on('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const name of [
  'src',
  'shaders',
  'test',
  'bench',
  'examples',
  'index.html',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
]) {
  cpSync(join(root, name), join(copy, name), { recursive: true });
}
cpSync(join(root, 'vite.config.ts'), join(copy, 'vite.config.ts'));
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

/**
 * Runs the tests of mutants in one Vitest.
 * @param {Mutant['project']} project
 */
async function openProject(project) {
  const vitest = await createVitest(
    'test',
    { root: copy, project: [project], watch: false, reporters: [{}], retry: 0, bail: 0 },
    { server: { fs: { strict: false } } },
  );
  return {
    /**
     * Whether all tests of a mutant pass; undefined where none ran.
     * @param {Pick<Mutant, 'tests' | 'name'>} mutant
     */
    async passes({ tests, name }) {
      vitest.setGlobalTestNamePattern(name ?? '');
      const files = tests.map((test) => join(copy, test));
      const specifications = await vitest.globTestSpecifications(files);
      const { testModules: all, unhandledErrors } = await vitest.runTestSpecifications(specifications);
      // Modules of earlier runs are among them.
      const testModules = all.filter(({ moduleId }) => files.includes(moduleId));
      const results = testModules.flatMap((module) =>
        [...module.children.allTests()].map((test) => test.result().state),
      );
      const ran = results.filter((state) => state !== 'skipped');
      if (ran.length === 0 && testModules.every((module) => module.errors().length === 0)) return;
      return testModules.every((module) => module.ok()) && unhandledErrors.length === 0;
    },
    /** @param {string} path */
    changed: (path) => vitest.invalidateFile(path),
    close: () => vitest.close(),
  };
}

/** @param {readonly string[]} columns */
const row = (columns) => console.log(`| ${columns.join(' | ')} |`);

let survivors = 0;
row(['mutant', 'file', 'what', 'tests', 'verdict']);
row(['---:', '---', '---', '---', '---']);
for (const project of /** @type {const} */ (['unit', 'page', 'gpu'])) {
  const own = chosen.filter((mutant) => mutant.project === project);
  if (own.length === 0) continue;
  const opened = await openProject(project);
  for (const mutant of own) {
    const { number, file, find, replace, what, tests } = mutant;
    const path = join(copy, file);
    const text = readFileSync(path, 'utf8');
    if (text.split(find).length !== 2) {
      throw new Error(`mutant ${number}: ${file} does not have "${find}" exactly once`);
    }
    if (!(await opened.passes(mutant))) {
      throw new Error(`mutant ${number}: its tests do not pass without it`);
    }
    writeFileSync(
      path,
      text.replace(find, () => replace),
    );
    opened.changed(path);
    const survives = await opened.passes(mutant);
    writeFileSync(path, text);
    opened.changed(path);
    if (survives !== false) survivors++;
    const where = tests.map((test) => test.replace(/^test\//, '')).join(', ');
    row([`${number}`, `\`${file}\``, what, where, survives === false ? 'killed' : 'SURVIVES']);
  }
  await opened.close();
}
console.log(`\n${chosen.length - survivors} of ${chosen.length} killed`);
process.exit(survivors === 0 ? 0 : 1);
