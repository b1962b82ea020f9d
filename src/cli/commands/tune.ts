import { basename, dirname } from 'node:path';
import { Option } from 'commander';
import { datasetOf } from '../../data/datasets/index.ts';
import { writeFileAtomically } from '../../data/files/atomic-file.ts';
import { MAX_IMAGES } from '../../data/sample-order.ts';
import { experiments, trainSettings } from '../../experiments/experiments.ts';
import { openHost } from '../../hosts/open-host.ts';
import { resolvePath } from '../../hosts/project-root.ts';
import { UserError } from '../../hosts/user-error.ts';
import type { FromWorker } from '../../train/messages.ts';
import type { Tuning } from '../../train/tuner.ts';
import { parseTuning, type TuningRecords, tuningSize, tuningText } from '../../train/tuning-records.ts';
import { checkTargetFile } from '../folders/target-file.ts';
import { addToTuningFile, readTuningFile } from '../folders/tuning-file.ts';
import { makeCommand, parse } from '../options/command.ts';
import { readGivenText } from '../options/given-file.ts';
import { addHostAndBrowserOptions, hostOptionsOf } from '../options/host-options.ts';
import { datasetOption, experimentFrom, netHelp, netOption } from '../options/net-options.ts';
import { wholeNumber, widths } from '../options/numbers.ts';
import { path } from '../options/paths.ts';
import { checkSettings } from '../options/setting-options.ts';
import { Interrupted, signals } from '../process/signals.ts';
import { makeProgress } from '../progress.ts';

/** Time for all measurements of a plan, ms. */
const budgetMs = 300_000;

/** `npm run tune`: measures every variant of a plan's ops again, prints what it chose and why, and keeps it for training. */
export async function main(args: readonly string[]): Promise<number> {
  const command = parse(
    addHostAndBrowserOptions(
      makeCommand(
        'tune',
        'Measures which kernel variants are fastest on this adapter, and keeps the choice for training.',
      ),
    )
      .addOption(
        new Option('--experiment <name>', 'whose net and optimizer to tune for')
          .choices(experiments.map(({ name }) => name))
          .default('base'),
      )
      .option('--hidden <widths>', 'widths of the hidden layers, such as 50,50', widths)
      .addOption(netOption())
      .addOption(datasetOption())
      .option('--batch-size <n>', 'images of a step', wholeNumber(1, MAX_IMAGES))
      .option('--seeds <n>', 'replicas', wholeNumber(1, 1024), 1)
      .option('--data <dir>', "folder with the data set's files (default: downloaded once)", path)
      .option(
        '--export <file>',
        'write what is known of this adapter then, as JSON: for the page, or for a machine of the same kind',
        path,
      )
      .addOption(
        new Option(
          '--import <file>',
          'take the measurements of such a file, or of one that the page saved, instead of making them',
        )
          .argParser(path)
          .conflicts(['experiment', 'hidden', 'net', 'dataset', 'batchSize', 'seeds', 'data', 'export']),
      )
      .addHelpText('after', `\n${netHelp}`),
    args,
  );
  if (command === undefined) return 0;
  const flags = command.opts();
  const progress = makeProgress('tuning', 2000);
  if (flags.import !== undefined) return importTuning(flags.import, progress.log);
  const experiment = experimentFrom(flags);
  const settings = {
    ...experiment.settings,
    hidden: flags.hidden ?? experiment.settings.hidden,
    batchSize: flags.batchSize ?? experiment.settings.batchSize,
    ...(flags.dataset !== undefined && { dataset: flags.dataset }),
  };
  checkSettings(settings);
  if (flags.export !== undefined) checkTargetFile(resolvePath(flags.export));
  const seeds = Array.from({ length: flags.seeds }, (_, i) => i + 1);
  const host = await openHost({
    dataset: datasetOf(settings),
    dataDir: flags.data === undefined ? undefined : resolvePath(flags.data),
    log: progress.log,
    ...hostOptionsOf(flags),
  });
  let onTuned: (tuning: Tuning) => void = () => {};
  const tuned = new Promise<Tuning>((resolve) => {
    onTuned = resolve;
  });
  const onMessage = (message: FromWorker) => {
    if (message.type === 'adapter') progress.log(`adapter: ${message.name}`);
    if (message.type === 'tuning') progress.update(message.done, message.total, message.op);
    if (message.type === 'tuned') onTuned(message.tuning);
  };
  const run = await host.start(
    {
      from: {
        kind: 'new',
        settings: trainSettings(settings, { seeds, steps: 0, shuffle: true }),
        tuning: { budgetMs, known: {}, forAnyLength: true },
      },
      checkpoints: false,
    },
    onMessage,
  );
  try {
    return await signals.hold('the op that is being measured', run.stop, async () => {
      // What comes behind the measurements, a run of no steps, is of no interest.
      const failed = run.finished.then(() => Promise.reject(new Error('the worker sent no measurements')));
      const tuning = await Promise.race([tuned, failed]);
      progress.stop();
      const { key, ops } = tuning;
      await addToTuningFile({ [key]: ops }, progress.log);
      printTuning(tuning);
      if (flags.export !== undefined) {
        const known = readTuningFile(() => {})[key];
        await exportTuning(resolvePath(flags.export), { [key]: { ...known, ...ops } });
      }
      return signals.asked ? signals.status : 0;
    });
  } catch (error) {
    if (!signals.asked) throw error;
    throw new Interrupted('stopped before anything was measured');
  } finally {
    progress.stop();
    await run.close();
    await host.close();
  }
}

/** @throws UserError where the file cannot be used, and nothing is taken from it */
async function importTuning(path: string, log: (line: string) => void): Promise<number> {
  const { records, problem } = parseTuning(readGivenText('--import', path));
  if (problem !== undefined) throw new UserError(`--import ${path} holds no measurements: ${problem}`);
  await addToTuningFile(records, log);
  console.log(`${tuningSize(records)}, used where adapter, browser and shaders are the same`);
  return 0;
}

async function exportTuning(path: string, records: TuningRecords): Promise<void> {
  await writeFileAtomically(dirname(path), basename(path), tuningText(records));
  console.log(`${tuningSize(records)} written to ${path}`);
}

function printTuning({ ops }: Tuning): void {
  for (const [name, { variant, us }] of Object.entries(ops)) {
    console.log(name);
    for (const [candidate, time] of Object.entries(us).sort(([, a], [, b]) => a - b)) {
      const ratio = time / us[variant]!;
      console.log(
        `  ${candidate === variant ? '*' : ' '} ${candidate.padEnd(22)} ${time.toFixed(1).padStart(10)} us  ${ratio.toFixed(2)}x`,
      );
    }
  }
  if (Object.keys(ops).length > 0)
    console.log('\n* chosen; a variant replaces the default only where it is at least 3 % faster');
}
