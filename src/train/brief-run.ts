// A run of so few steps that measuring its kernels, and on SwiftShader compiling the fastest, takes longer than all of its training.
import { traitsOf } from '../gpu/adapter-kind.ts';
import type { Gpu } from '../gpu/device.ts';
import type { RunRequest } from './messages.ts';
import type { TrainSettings } from './settings.ts';

/**
 * Samples per replica up to which a run is brief. On SwiftShader the first layer's fused products alone compile for 4 s and save 9 ms of a
 * step of 100 samples (base net, two cores, 2026-11-26). Replicas do not count: sums in another order would give one other bits than a run of its own.
 */
const briefSamples = 20_000;

/** Whether a run is to start soon rather than to run fast. Not where kernels are what it is about: forced, or checked. */
export const isBrief = (
  { steps, batchSize }: Pick<TrainSettings, 'steps' | 'batchSize'>,
  { variants = {}, gradients = false }: Pick<RunRequest, 'variants' | 'gradients'>,
): boolean => steps * batchSize <= briefSamples && !gradients && Object.keys(variants).length === 0;

/** The adapter as kernels and fusions of a brief run are to be chosen for it: SwiftShader as one whose compiler is slow, which wants short texts. */
export const forBriefRun = (gpu: Gpu): Gpu =>
  gpu.capabilities.kind === 'swiftshader'
    ? { ...gpu, capabilities: { ...gpu.capabilities, ...traitsOf('cpu') } }
    : gpu;
