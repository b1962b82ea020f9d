import { count, megabytes } from '../../format.ts';

/** `184 MB`, `72.2 GB`. */
export const bytesText = (bytes: number): string =>
  bytes < 999.5e6 ? `${megabytes(bytes)} MB` : `${(bytes / 1e9).toFixed(1)} GB`;

/** A limit with its unit: those that are called a size are bytes. */
export const limitText = (name: string, value: number): string =>
  `${count(value)}${name.endsWith('Size') ? '\u00a0bytes' : ''}`;

/** The time of an event by this device's clock: 14:05:09. */
export const clockText = (at: string): string => new Date(at).toLocaleTimeString('sv-SE');
