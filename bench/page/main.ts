// The browser side of `npm run bench`.
import { Bench } from './bench.ts';

window.wgradBench = new Bench({
  gpu: navigator.gpu,
  peers: async () => (await import('../peers/peers.ts')).peers,
  onRound: (done, planned) => void window.wgradBenchRound(done, planned),
});
