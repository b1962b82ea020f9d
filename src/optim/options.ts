import { type OptimizerSpec, optimizers } from './index.ts';

/** `weightDecay` -> `weight-decay`: an option on the command line and in links. */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What options do, for help and forms: the engine does without these texts. */
const whatOf: Readonly<Record<string, string>> = {
  momentum: 'weight of the old velocity',
  nesterov: "Nesterov's momentum",
  weightDecay:
    'times the parameter, added to every gradient; every parameter shrinks by this times the learning rate',
  b1: 'weight of the old first moment',
  b2: 'weight of the old second moment',
};

/** What a user may set of any optimizer: options of one name are one, with all that have it. */
export const optimizerOptions = /* @__PURE__ */ allOptions();

function allOptions() {
  const names = [...new Set(optimizers.flatMap(({ options }) => options.map(({ name }) => name)))];
  return names.map((name) => {
    const owners = optimizers.filter(({ options }) => options.some((own) => own.name === name));
    return {
      name,
      range: owners[0]!.options.find((own) => own.name === name)!.range,
      what: whatOf[name]!,
      owners,
    };
  });
}

/** An option of a spec that does nothing without another one, which it lacks; undefined where there is none. */
export const lackingOption = (
  spec: OptimizerSpec,
): { readonly option: string; readonly needs: string; readonly suchAs: string } | undefined =>
  spec.kind === 'sgd' && spec.nesterov && !spec.momentum
    ? { option: 'nesterov', needs: 'momentum', suchAs: '0.9' }
    : undefined;
