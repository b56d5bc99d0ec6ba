import { setTimeout as sleep } from 'node:timers/promises';
import { type StopSignal, throwIfAborted } from '@rapport/core';

const POLL_MS = 10;

/**
 * Waits until a condition holds that nothing announces, such as another node being discovered.
 * @returns whether it came to hold in time
 * @throws InterruptedError when the signal fires
 */
export async function waitUntil(
  condition: () => boolean,
  timeoutMs: number,
  signal?: StopSignal | undefined,
): Promise<boolean> {
  const endsAt = performance.now() + timeoutMs;
  while (!condition()) {
    throwIfAborted(signal);
    if (performance.now() >= endsAt) return false;
    await sleep(POLL_MS);
  }
  return true;
}
