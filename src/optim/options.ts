import { type OptimizerSpec, optimizers } from './index.ts';

/** `weightDecay` -> `weight-decay`: an option on the command line and in links. */
export const flagOf = (name: string): string =>
  name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What a user may set of any optimizer: options of one name are one, with all that have it. */
export const optimizerOptions = /* @__PURE__ */ allOptions();

function allOptions() {
  const names = [...new Set(optimizers.flatMap(({ options }) => options.map(({ name }) => name)))];
  return names.map((name) => {
    const owners = optimizers.filter(({ options }) => options.some((own) => own.name === name));
    const whats = owners.map(({ options }) => options.find((own) => own.name === name)!);
    return {
      name,
      range: whats[0]!.range,
      what: [...new Set(whats.map(({ what }) => what))].join('; '),
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
