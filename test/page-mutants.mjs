// Mistakes of the page that its tests in a real browser must notice, one of each kind of test: node test/mutation.mjs --page

/** @typedef {import('./mutants.mjs').Mutant} Mutant */

/**
 * @param {string} file in src/page
 * @param {readonly [find: string, replace: string]} change
 * @param {string} what
 * @param {readonly [test: string, name: string]} test in test/e2e, and a pattern of the names of its tests; where a test goes on with
 *   the runs of the first one of its file, that is named too
 * @returns {Mutant}
 */
const mutant = (file, [find, replace], what, [test, name]) => ({
  file: `src/page/${file}`,
  find,
  replace,
  what,
  project: 'page',
  tests: [`test/e2e/${test}.test.ts`],
  name,
});

/**
 * Of a part of the page that is tested without the rest of it.
 * @param {string} file in src/page
 * @param {readonly [find: string, replace: string]} change
 * @param {string} what
 * @param {readonly [test: string, name: string]} test in test/page, and a pattern of the names of its tests
 * @returns {Mutant}
 */
const part = (file, change, what, [test, name]) => ({
  ...mutant(file, change, what, [test, name]),
  project: 'gpu',
  tests: [`test/page/${test}.test.ts`],
});

/** @type {readonly Mutant[]} */
export const pageMutants = [
  mutant(
    'model/app.ts',
    ["none('timeout')", "none('worker')"],
    'a GPU that does not answer is told as a worker that does not load',
    ['page', 'a GPU that does not answer'],
  ),
  mutant(
    'model/app.ts',
    ["if (!window.isSecureContext) return none('insecure');", ''],
    'an insecure address is told as a browser without WebGPU',
    ['page', 'an insecure address'],
  ),
  mutant(
    'engine/data-store.ts',
    ['if (hash !== file.sha256) throw wrongFile(url, hash, file);', ''],
    'a download is taken whatever its hash',
    ['page-data', 'one byte flipped'],
  ),
  mutant(
    'engine/data-store.ts',
    ['if (done < length) throw', 'if (done < 0) throw'],
    'a file that ends early is taken for a damaged one',
    ['page-data', 'cut at 40 %'],
  ),
  mutant(
    'engine/data-store.ts',
    ['const stallMs = 30_000;', 'const stallMs = 90_000;'],
    'a silent server is waited for',
    ['page-data', 'falls silent'],
  ),
  mutant(
    'engine/data-store.ts',
    [
      'const missing = await this.#missing();\n    const total',
      'const missing = this.set.files;\n    const total',
    ],
    'a download that was interrupted begins anew',
    ['page-data', 'network went away'],
  ),
  mutant(
    'engine/data-store.ts',
    ['this.#inTab.set(file.name, new Blob([bytes]));', ''],
    'what the storage has no room for is lost',
    ['page-data', 'storage that is full'],
  ),
  mutant(
    'engine/worker.ts',
    ['cancelData: () => nothing(dataWork.abort(cancelled())),', 'cancelData: () => null,'],
    'a download cannot be cancelled',
    ['page-data', 'that is cancelled'],
  ),
  mutant(
    'engine/training.ts',
    ["if (known.kind !== 'lost') throw known;", 'throw known;'],
    'a lost GPU ends the run',
    ['page', 'a visitor with a link|a lost GPU'],
  ),
  mutant(
    'engine/training.ts',
    ['const asks = losses > 1;', 'const asks = false;'],
    'the GPU that is lost twice is asked for again at once',
    ['page', 'a visitor with a link|lost twice'],
  ),
  mutant(
    'engine/training.ts',
    ['this.#keeper.keep(await trainer.checkpoint());', ''],
    'no checkpoints are kept',
    ['page', 'a visitor with a link|a reload in the middle'],
  ),
  mutant('engine/training.ts', ['this.#pausedBy = by;', ''], 'Pause pauses nothing', [
    'page',
    'a visitor with a link|pause, go on and stop',
  ]),
  mutant('engine/training.ts', ['await trainer.destroy();', ''], 'the buffers of a run are left behind', [
    'page-runs',
    'two runs of|twenty runs',
  ]),
  mutant(
    'engine/training.ts',
    ["onNonFinite: ({ replica, step }) => this.#host.post({ event: 'diverged', replica, step }),", ''],
    'a loss that is not finite fails the run',
    ['page-runs', 'two runs of|a learning rate of 1e9'],
  ),
  mutant(
    'engine/training.ts',
    [
      'settings = checkpoint?.settings ?? this.#request.settings',
      'settings = { ...this.#request.settings, shuffle: false }',
    ],
    'the page trains in the order of the files',
    ['page-agrees', 'patch'],
  ),
  mutant(
    'engine/engine.ts',
    ["this.#ended(worker, 'the browser ended the worker')", 'undefined'],
    'the end of a worker is not noticed',
    ['page', 'a visitor with a link|a worker that is ended'],
  ),
  mutant(
    'engine/lab.ts',
    ['this.#device.loaded ?? (await', '(await'],
    'a trace normalises the images of a paused run anew',
    ['page', 'a visitor with a link|traced while a run is paused'],
  ),
  mutant(
    'store/run-file.ts',
    ['!== sha256)\n    throw', '=== undefined)\n    throw'],
    'a run that was changed is taken',
    ['page-runs', 'two runs of|a whole run is the same'],
  ),
  mutant(
    'views/kernels/ranking.ts',
    ['.filter(({ validation }) => !validation.ok)', '.filter(() => false)'],
    'a wrong kernel is not listed',
    ['page-kernels', 'that is stopped|a kernel that is wrong'],
  ),
  mutant(
    'views/kernels/ranking.ts',
    ['if (wasHidden) return', 'if (false) return'],
    'what was measured while the tab was hidden is ranked',
    ['page-kernels', 'that is stopped|while the tab was hidden'],
  ),
  mutant(
    'model/link.ts',
    ['return { ...form, seeds: String(mostSeeds) };', 'return { ...form, seeds: String(seeds) };'],
    'a link may ask for any number of seeds',
    ['page-access', 'the status region|a link cannot do harm'],
  ),
  mutant(
    'page.css',
    ['  overflow-x: auto;\n}\n\n.view section', '}\n\n.view section'],
    'wide tables widen the page',
    ['page', 'a visitor with a link|320 px'],
  ),
  mutant(
    'views/runs/run-table.ts',
    ['aria-label="Name of the run"', ''],
    'the field of a run’s name has no name',
    ['page', 'a visitor with a link|axe'],
  ),
  part(
    'charts/line-chart.ts',
    [
      'this.#plot?.setData(data, !this.#isZoomed);\n    if (this.#isZoomed) this.#plot?.redraw();',
      'this.#plot?.setData(data);',
    ],
    'a zoom snaps back with each new value',
    ['line-chart', 'zoomed'],
  ),
  part(
    'views/runs/runs-view.ts',
    ['parts.isShown(); // Drawn', '// Drawn'],
    'the chart of runs is not drawn again when the view comes back',
    ['runs-view', 'another view was shown'],
  ),
  part(
    'views/runs/run-table.ts',
    ['({ id }) => id,', '(_, i) => i,'],
    'the focus stays where the next run comes to stand',
    ['runs-view', 'pressed twice'],
  ),
  part(
    'views/runs/runs-state.ts',
    ['others.findLast(({ pinned }) => !pinned)', 'others.at(-1)'],
    'a pinned run leaves the chart for one that starts',
    ['runs-view', 'a run that starts'],
  ),
  part(
    'charts/line-chart.ts',
    ['    this.#end.abort();\n', ''],
    'a chart that was taken away keeps its listeners',
    ['line-chart', 'taken away'],
  ),
  part(
    'views/train/form-view.ts',
    ['wrong ? synced(true) : noChange', 'wrong'],
    'a value that is none for a moment closes its group behind it',
    ['train-view', 'for a moment'],
  ),
  part('views/header.ts', ['isMeasured || !(', '!('], 'a training goes on beside a measurement', [
    'train-view',
    'paused for a measurement',
  ]),
  part(
    'model/run-record.ts',
    ['perSeed.filter(({ divergedAtStep }) => divergedAtStep === null)', '[...perSeed]'],
    'a net that diverged has a test accuracy',
    ['train-view', 'diverged'],
  ),
  part(
    'engine/training.ts',
    [' || (this.#owesSamples && this.#watched.samples)', ''],
    'what the net sees waits for the next evaluation',
    ['training', 'looks again'],
  ),
  part(
    'engine/training.ts',
    ['if (this.#stop.signal.aborted) return; // While', 'if (false) return; // While'],
    'a stop is lost while a pause is on its way',
    ['training', 'while a pause'],
  ),
  part(
    'engine/device.ts',
    ['        signal.throwIfAborted(); // Between two files.\n', ''],
    'a stop during the upload waits for all files',
    ['training', 'during the upload'],
  ),
  part(
    'engine/device.ts',
    ['if (this.#data === data) this.#data = undefined;', ''],
    'an upload that was stopped is taken for data',
    ['training', 'during the upload'],
  ),
  part(
    'engine/training.ts',
    ['.testImages(shownImages).catch(() => undefined)', '.testImages(shownImages)'],
    'pictures that are gone end the run',
    ['training', 'pictures of data'],
  ),
];
