const ofBase =
  'lambda 3e-3 of 1.5e-3, 3e-3, 5e-3: 0.5562 on 5,000 validation images with cycles of 4,900 steps; here they are twice as long';

/** Where tuned settings come from, by name of the experiment: what our own search measured on the validation split. */
export const tunedNotes: Readonly<Record<string, string>> = {
  base: ofBase,
  'precise-bn': ofBase,
  'adaptive-bn': ofBase,
  'bn-after-relu':
    'lambda of the tuned base; cycles of 4,900 steps, as in its search. A search behind the ReLU, made afterwards, does not tell it from 5e-3 (0.5534 and 0.5566 on 5,000 validation images)',
  adam: 'largest rate 3e-3 of 1.5e-3, 3e-3, 6e-3, behind the ReLU, from searches without crops; with 1-pixel crops lambda 3e-4 of 3e-4, 6e-4, 1.2e-3 and label smoothing 0.05 of 0, 0.05: 0.5704 on 5,000 validation images with cycles of 9,800 steps; here they are two and a half times as long',
  wide: 'largest rate 0.14 of 0.07, 0.14; lambda 3e-3 of 1.5e-3, 3e-3, 5e-3: 0.5400 on 5,000 validation images with cycles of 4,900 steps; here they are four times as long',
};
