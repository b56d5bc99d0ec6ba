import { describe, expect, it } from 'vitest';
import { alignExperimentSchema, effectiveOptions } from './options.js';

const optionsOf = (given: unknown) => effectiveOptions(alignExperimentSchema.parse(given));
const alignmentOf = (given: unknown) => optionsOf(given).alignment;

describe('effectiveOptions', () => {
  it('takes what suits the task where nothing was chosen', () => {
    expect(alignmentOf({ env: 'franka/fork' })).toMatchObject({ windows: 'first', learningRate: 1e-4, steps: 300 });
    expect(alignmentOf({ env: 'xmagical/pass-shortstick' })).toMatchObject({ windows: 'plans', steps: 30 });
    expect(optionsOf({ env: 'xmagical/pass-shortstick' })).toMatchObject({ starts: 24, cloning: { steps: 1500 } });
  });

  it('takes what was chosen', () => {
    const chosen = { learningRate: 5e-5, beta: 2 };
    expect(alignmentOf({ env: 'franka/fork', alignment: chosen })).toMatchObject({ ...chosen, windows: 'first' });
    expect(optionsOf({ env: 'franka/fork', starts: 7, cloning: { steps: 9 } })).toMatchObject({
      starts: 7,
      rolloutsPerStart: 4,
      cloning: { steps: 9, samplingSteps: 50, prediction: 'sample' },
    });
  });

  it('keeps a quick run below its caps', () => {
    expect(alignmentOf({ env: 'franka/fork', quick: true }).steps).toBe(100);
    expect(alignmentOf({ env: 'franka/fork', quick: true, alignment: { steps: 7 } }).steps).toBe(7);
  });
});
