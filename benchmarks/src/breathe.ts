import { setImmediate as nextTurn } from 'node:timers/promises';
import { type StopSignal, throwIfAborted } from '@rapport/core';

/**
 * Called between two measurements that keep the thread busy: Ctrl+C reaches a program only between turns of its event loop.
 * @throws InterruptedError once the person has stopped
 */
export async function breathe(signal: StopSignal | undefined): Promise<void> {
  await nextTurn();
  throwIfAborted(signal);
}
