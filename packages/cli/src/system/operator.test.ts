import { PassThrough } from 'node:stream';
import { InterruptedError } from '@rapport/core';
import { evaluationSeeds } from '@rapport/policy';
import { describe, expect, it } from 'vitest';
import { terminalOperator } from './operator.js';

function terminal() {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const stop = new AbortController();
  const lines: string[] = [];
  const operator = terminalOperator(input, stop.signal, (line) => lines.push(line))!;
  return { input, stop, lines, operator };
}

describe('terminalOperator', () => {
  it('asks for one start after the other by its name, and goes on at Enter', async () => {
    const { input, lines, operator } = terminal();
    const [, held] = evaluationSeeds(2);
    for (const wanted of [
      { seed: 41, variation: 0 },
      { seed: 41, variation: 1 },
      { seed: held!, variation: 0 },
    ]) {
      const asked = operator(wanted, undefined);
      input.write('\n');
      await asked;
    }
    expect(lines).toEqual([
      'bring the scene to start 41, step back, and press Enter',
      'bring the scene to start 41 again, as it was before, step back, and press Enter',
      'bring the scene to held-out start 2, step back, and press Enter',
    ]);
  });

  it('ends at Ctrl+C', async () => {
    const { stop, operator } = terminal();
    const asked = operator({ seed: 1, variation: 0 }, undefined);
    stop.abort();
    await expect(asked).rejects.toThrow(InterruptedError);
  });

  it('is nobody where the input is no terminal', () => {
    expect(terminalOperator(new PassThrough(), new AbortController().signal, () => {})).toBeUndefined();
  });
});
