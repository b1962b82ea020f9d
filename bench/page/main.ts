// The browser side of `npm run bench`.
import { Bench } from './bench.ts';

window.wgradBench = new Bench({
  gpu: navigator.gpu,
  onRound: (done, planned) => void window.wgradBenchRound(done, planned),
});
