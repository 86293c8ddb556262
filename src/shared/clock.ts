/**
 * Time at the edge, so that tests can turn it by hand.
 * `nowMs` is epoch milliseconds with a fraction (`performance.timeOrigin + performance.now()`): monotonic within
 * a process and comparable between processes of one machine.
 */
export interface Clock {
  nowMs(): number;
  /** Calls `callback` once after `delayMs`; dispose to cancel. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): Disposable;
}

export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    // Browsers return a number here, Node an object that would otherwise hold the process open.
    if (typeof timer === "object") timer.unref();
    return { [Symbol.dispose]: () => clearTimeout(timer) };
  },
};
