import { GpuError } from '../gpu/errors.ts';
import { UnknownVariant } from '../kernels/variant-choice.ts';
import { NonFiniteLoss } from './finite.ts';

/** Whether a run's error says itself what to change; otherwise something broke. */
export const isUserError = (error: unknown): boolean =>
  error instanceof NonFiniteLoss || error instanceof GpuError || error instanceof UnknownVariant;
