import { InterruptedError, type WorkOptions } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { checkFrankaConformance } from './franka/conformance.js';
import { benchmarks } from './index.js';

/** Stops as Ctrl+C does: in a turn of the event loop after the first progress. */
function interrupted(): WorkOptions {
  const stop = new AbortController();
  return { signal: stop.signal, onProgress: () => setImmediate(() => stop.abort()) };
}

describe('long measurements', () => {
  it.each(['nn', 'ot', 'sim', 'objectives', 'policy'])('of bench %s stop before the next one', async (name) => {
    const { run } = benchmarks.find((benchmark) => benchmark.name === name)!;
    const options = { ...interrupted(), peer: false, quick: true, peersDirectory: '/nonexistent' };
    await expect(run(options)).rejects.toThrow(InterruptedError);
  });

  it('of conformance stop before the next scene', async () => {
    const options = { ...interrupted(), peer: false, peersDirectory: '/nonexistent' };
    await expect(checkFrankaConformance(options)).rejects.toThrow(InterruptedError);
  });
});
