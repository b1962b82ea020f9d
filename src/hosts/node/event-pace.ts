// How often Dawn's events are asked for. The package webgpu (0.6.2) does so in a chain of setImmediate, which never lets a core rest while work is
// under way; on an adapter that computes on the CPU that core is half of a machine of two.

/** Pause between two looks at Dawn's events, ms: what a finished submit may wait. Another is under way by then (train/pacer.ts). */
const pauseMs = 1;

let isPaced = false;

/**
 * Lets `setImmediate` wait for callbacks without a source, which are Dawn's; all others stay immediate. Bound functions and what resolves a promise
 * show none either, so this project gives it arrow functions alone.
 */
export function paceDawnEvents(): void {
  if (isPaced) return;
  isPaced = true;
  const { setImmediate: immediate } = globalThis;
  const paced = (callback: (...args: unknown[]) => void, ...args: unknown[]) =>
    isNative(callback) ? setTimeout(callback, pauseMs, ...args) : immediate(callback, ...args);
  globalThis.setImmediate = Object.assign(paced, immediate) as unknown as typeof setImmediate;
}

/** Functions of an addon, bound ones and those that resolve a promise show no source. */
const isNative = (callback: unknown): boolean =>
  /^function \(\) \{ \[native code\] \}$/.test(Function.prototype.toString.call(callback));
