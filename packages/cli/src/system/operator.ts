import { createInterface } from 'node:readline/promises';
import type { Readable } from 'node:stream';
import { InterruptedError } from '@rapport/core';
import { EVALUATION_SEED_START } from '@rapport/policy';
import type { SceneReset } from '@rapport/robot';

/**
 * Asks whoever sits at the terminal to bring the scene to a start, and waits for Enter; undefined when the input is no
 * terminal.
 * @param tell shows a line to that person
 */
export function terminalOperator(
  input: Readable & { readonly isTTY?: boolean },
  signal: AbortSignal,
  tell: (line: string) => void,
): SceneReset | undefined {
  if (input.isTTY !== true) return undefined;
  return async ({ seed, variation }) => {
    const again = variation === 0 ? '' : ' again, as it was before';
    tell(`bring the scene to ${startName(seed)}${again}, step back, and press Enter`);
    await enter(input, signal);
  };
}

/** What a start is called; the same start has the same name in every run. */
function startName(seed: number): string {
  return seed >= EVALUATION_SEED_START ? `held-out start ${seed - EVALUATION_SEED_START + 1}` : `start ${seed}`;
}

async function enter(input: Readable, signal: AbortSignal): Promise<void> {
  // Line by line, so that Ctrl+C stays what it is.
  const lines = createInterface({ input, terminal: false });
  try {
    await lines.question('', { signal });
  } catch (cause) {
    if (!signal.aborted) throw cause;
    throw new InterruptedError('stopped while the scene was brought to a start', { cause });
  } finally {
    lines.close();
  }
}
