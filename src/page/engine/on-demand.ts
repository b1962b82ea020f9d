// What the worker loads when somebody first asks for it, in one file: the laboratory with its float64 reference, and the predictor.
export { Lab } from './lab.ts';
export { guessPicture } from './own-picture.ts';
