import { trialsOf } from '../../experiments/search-ranking.ts';
import type { SearchTask } from '../../experiments/search-state.ts';
import type { Host } from '../../hosts/host.ts';
import { type Checkpoint, writeCheckpoint } from '../../train/checkpoint.ts';
import { runStart } from '../../train/messages.ts';
import { type FolderRun, type FolderRunCallbacks, trainInFolder } from '../folders/folder-run.ts';
import type { PopulationFolders, PopulationResult } from '../folders/population-folders.ts';
import { provenance } from '../folders/provenance.ts';
import { readSessions } from '../folders/sessions.ts';

/** What is trained, and where it goes on. */
export interface PopulationStart extends Pick<SearchTask, 'name' | 'settings'> {
  readonly checkpoint: Checkpoint | undefined;
  /** Step at which the population's own part of the training begins: that of the rung before. */
  readonly firstStep: number;
}

/**
 * Trains a population of a search in its folder, and keeps its result there. Validation scores only, and what diverges does
 * not disturb the others. Where it is stopped, there is no result yet.
 */
export async function trainPopulation(
  { name, settings, checkpoint, firstStep }: PopulationStart,
  host: Host,
  folders: PopulationFolders,
  callbacks: Omit<FolderRunCallbacks<unknown>, 'keep'>,
): Promise<{ readonly result: PopulationResult | undefined; readonly run: FolderRun }> {
  const startedAt = new Date();
  const folder = folders.folder(name);
  const request = {
    from: runStart(settings, checkpoint && writeCheckpoint(checkpoint)),
    withoutTest: true,
    toleratesDivergence: true,
  };
  // Those of a rung before this one are in its own folder.
  const goesOn = checkpoint !== undefined && checkpoint.step > firstStep;
  const sessions = goesOn ? readSessions(folder.path).sessions : [];
  const before = { experiment: name, sessions, startedAt };
  return trainInFolder(
    host,
    folder,
    { request, before },
    {
      ...callbacks,
      keep(run) {
        const { result, ready, adapter, browser, duration } = run;
        if (!result.finished) return { result: undefined, run };
        const trained: PopulationResult = {
          name,
          settings,
          trials: trialsOf(settings.replicas, result.validation!, folder.divergedSteps()),
          adapter: { name: adapter.name, ...adapter.adapter },
          browser,
          dataSource: host.dataSource,
          ...provenance(),
          ...duration,
          finishedAt: new Date().toISOString(),
          resumedAtStep: ready.step,
          msPerStep: result.msPerStep,
          dispatchesPerStep: ready.dispatchesPerStep,
          modelBytes: ready.modelBytes,
          variants: ready.variants,
        };
        folders.write(trained);
        return { result: trained, run };
      },
    },
  );
}
