// Numbers as the page writes them.

const whole = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

export const count = (value: number): string => whole.format(value);
export const percent = (fraction: number): string => `${(100 * fraction).toFixed(1)} %`;
export const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(0);

/** A loss, in seven characters: 2.303, or 1.50e21 of a net that diverges. */
export const loss = (value: number): string =>
  value < 1000 ? value.toFixed(3) : value.toExponential(2).replace('+', '');

/** Three digits that count, such as 0.0231 or 1.00e-5. */
export const rate = (value: number): string =>
  value === 0
    ? '0'
    : value < 1e-3 || value >= 1e4
      ? value.toExponential(2)
      : value.toFixed(value < 1e-2 ? 5 : 4);

/** A round value, as the ticks of an axis are, in short: 0.005, 2e-5. */
export function rateTick(value: number): string {
  const round = Number(value.toPrecision(3));
  return round !== 0 && (round < 1e-3 || round >= 1e5)
    ? round.toExponential().replace('+', '')
    : String(round);
}

/** Three digits that count below 100. */
export const milliseconds = (ms: number): string => ms.toFixed(ms < 1 ? 3 : ms < 10 ? 2 : ms < 100 ? 1 : 0);

/** Three digits that count: 85.2 µs, 6.90 ms, 1.25 s. */
export function shortTime(ns: number): string {
  const [unit, size] = ns < 999.5e3 ? ['µs', 1e3] : ns < 999.5e6 ? ['ms', 1e6] : ['s', 1e9];
  return `${(ns / Number(size)).toPrecision(3)} ${unit}`;
}

/** `0:42`, `12:05`, `1:02:05`. */
export function duration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  const two = (value: number) => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  const rest = two(seconds % 60);
  return minutes < 60 ? `${minutes}:${rest}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${rest}`;
}
