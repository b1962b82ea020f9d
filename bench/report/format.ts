// Numbers as people read them.
import type { Estimate } from '../../src/measure/statistics.ts';

/** Three significant digits, without an exponent. */
export function digits(value: number, count = 3): string {
  if (!Number.isFinite(value)) return '-';
  if (value === 0) return '0';
  const decimals = Math.max(0, count - 1 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}

const units = [
  { ns: 1e9, name: 's' },
  { ns: 1e6, name: 'ms' },
  { ns: 1e3, name: 'us' },
  { ns: 1, name: 'ns' },
] as const;

/** The unit in which a time has one to three digits before the point. */
export const unitOf = (ns: number) => units.find((unit) => ns >= unit.ns) ?? units[3];

/** `12.3 ms` */
export function duration(ns: number): string {
  if (!Number.isFinite(ns)) return '-';
  const unit = unitOf(ns);
  return `${digits(ns / unit.ns)} ${unit.name}`;
}

/** `12.3 ms [12.1, 12.6]` */
export function durationEstimate({ value, low, high }: Estimate): string {
  if (!Number.isFinite(value)) return '-';
  if (!Number.isFinite(low) || !Number.isFinite(high)) return `${duration(value)} [too few rounds]`;
  const unit = unitOf(value);
  return `${digits(value / unit.ns)} ${unit.name} [${digits(low / unit.ns)}, ${digits(high / unit.ns)}]`;
}

/** `1.23 [1.20, 1.27]` */
export function ratioEstimate({ value, low, high }: Estimate): string {
  const interval =
    Number.isFinite(low) && Number.isFinite(high) ? `[${digits(low)}, ${digits(high)}]` : '[too few rounds]';
  return `${digits(value)} ${interval}`;
}

export const percent = (share: number | undefined): string =>
  share === undefined || !Number.isFinite(share) ? '-' : `${digits(100 * share, share < 0.1 ? 2 : 3)} %`;

export const bytes = (count: number): string =>
  count >= 2 ** 20 ? `${digits(count / 2 ** 20)} MiB` : `${digits(count / 2 ** 10)} KiB`;
