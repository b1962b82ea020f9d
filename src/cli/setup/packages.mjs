// Which packages node_modules lacks.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

/**
 * @typedef {object} Package an entry of package-lock.json, or of the list that npm leaves in node_modules when it is done
 * @property {string} [version]
 * @property {boolean} [dev]
 * @property {boolean} [devOptional]
 * @property {boolean} [optional]
 * @property {Readonly<Record<string, string>>} [dependencies]
 * @property {Readonly<Record<string, string>>} [devDependencies]
 */
/** @typedef {Readonly<Record<string, Package>>} Packages by their path from the project */

/**
 * Paths of packages that are missing or of another version than package-lock.json has. Takes milliseconds.
 *
 * @param {string} root
 * @param {boolean} withDevelopment whether what only tests and benches need counts
 * @returns {string[]}
 */
export function missingPackages(root, withDevelopment) {
  const wanted = packagesOf(join(root, 'package-lock.json')) ?? {};
  const needed = Object.entries(wanted).filter(
    ([path, { dev, devOptional, optional }]) =>
      path !== '' && !optional && (withDevelopment || !(dev || devOptional)),
  );
  // npm writes its list last: where it is missing, an installation was interrupted, or is further up.
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  if (installed === undefined) return missingInWorkspace(root, wanted, withDevelopment);
  return needed
    .filter(
      ([path, { version }]) =>
        installed[path]?.version !== version || !existsSync(join(root, path, 'package.json')),
    )
    .map(([path]) => path);
}

/**
 * Where the project is a workspace of a folder above it, npm puts packages there. What they depend on is then as that
 * folder's own lock file has it: only the project's own dependencies are compared.
 *
 * @param {string} root
 * @param {Packages} wanted
 * @param {boolean} withDevelopment
 */
function missingInWorkspace(root, wanted, withDevelopment) {
  const { dependencies = {}, devDependencies = {} } = wanted[''] ?? {};
  const names = Object.keys({ ...dependencies, ...(withDevelopment && devDependencies) });
  const folders = [root];
  for (let folder = dirname(root); folder !== dirname(folder); folder = dirname(folder)) {
    folders.push(folder);
    const installed = packagesOf(join(folder, 'node_modules/.package-lock.json'));
    if (installed?.[relative(folder, root).split(sep).join('/')] === undefined) continue;
    return names.filter((name) => {
      const path = `node_modules/${name}`;
      const holder = folders.find((each) => existsSync(join(each, path, 'package.json')));
      return holder === undefined || versionOf(join(holder, path)) !== wanted[path]?.version;
    });
  }
  return names;
}

/**
 * @param {string} path of a lock file
 * @returns {Packages | undefined} undefined where it is missing or damaged
 */
function packagesOf(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** @param {string} folder of a package */
function versionOf(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}
