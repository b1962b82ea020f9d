/** `--testNamePattern=x`, `--test-name-pattern`, `--no-coverage`, `--browser.headless`: the option's name, however it is written. */
const nameOf = (option: string): string =>
  option
    .replace(/^--?(no-)?/, '')
    .replace(/[=.].*$/s, '')
    .replaceAll('-', '')
    .toLowerCase();

/** Of the arguments those that are Vitest's: what stands behind `--` is not. */
const vitestArgs = (args: readonly string[]): readonly string[] =>
  args.includes('--') ? args.slice(0, args.indexOf('--')) : args;

/** The first of the arguments that is no option of Vitest, whose `help` lists them all; Vitest itself would show a stack. */
export function unknownOption(args: readonly string[], help: string): string | undefined {
  const known = new Set(Array.from(help.matchAll(/(?<=\s)--?[A-Za-z][\w-]*/g), ([option]) => nameOf(option)));
  for (const name of ['help', 'h', 'version', 'v']) known.add(name);
  return vitestArgs(args).find((arg) => {
    if (!/^-./.test(arg)) return false;
    // Of `-tx` the `t`.
    return !known.has(arg.startsWith('--') ? nameOf(arg) : arg[1]!.toLowerCase());
  });
}

/** The first option that wants a value (`-t, --testNamePattern <pattern>` in the `help`) and is not given one; Vitest would show a stack. */
export function withoutValue(args: readonly string[], help: string): string | undefined {
  const plain = (option: string) => option.replace(/^-+/, '').replaceAll('-', '').toLowerCase();
  const lines = help.matchAll(/^\s*(?:-(\w), )?--([\w.-]+) </gm);
  const wanting = new Set(Array.from(lines, ([, short, long]) => [short, plain(long!)]).flat());
  return vitestArgs(args).find(
    (arg, i) => /^-./.test(arg) && wanting.has(plain(arg)) && (args[i + 1] ?? '-').startsWith('-'),
  );
}
