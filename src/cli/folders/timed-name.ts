/** `base-2026-11-25-174945`: a folder's name with the time (UTC) at which its command began. */
export const timedName = (name: string, at: Date): string =>
  `${name}-${at.toISOString().slice(0, 19).replace('T', '-').replaceAll(':', '')}`;
