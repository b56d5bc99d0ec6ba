import { mean } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { type CoverageResult, runCoverage } from './coverage.js';
import { trainReference, tune } from './modes.js';

// Thresholds are half of the effects that are expected of these worlds (docs/objectives.md).

describe('coverage', () => {
  const over = async (settings: Parameters<typeof runCoverage>[0]): Promise<CoverageResult> => {
    const results = [await runCoverage(settings, 0), await runCoverage(settings, 1)];
    return { gain: mean(results.map(({ gain }) => gain)), offSupport: mean(results.map((one) => one.offSupport)) };
  };

  it('drives dpo off the support, and keeps rpo on it with a better return than the reference', async () => {
    const dpo = await over({ pairs: 'dpo' });
    const rpo = await over({ pairs: 'rpo', anchorWeight: 0.1 });
    expect(dpo.offSupport - rpo.offSupport).toBeGreaterThan(0.43);
    expect(rpo.gain - dpo.gain).toBeGreaterThan(0.63);
    expect(rpo.gain).toBeGreaterThan(0.1);
  });

  it('gives the same figures for the same seed', async () => {
    const settings = { pairs: 'flex-dpo' } as const;
    expect(await runCoverage(settings, 3)).toEqual(await runCoverage(settings, 3));
  });
});

describe('modes', () => {
  it('moves rpo to the preferred mode, where dpo leaves both modes', async () => {
    const reference = await trainReference(0.5, 0);
    const rpo = await tune(reference, { settings: { pairs: 'rpo' }, steps: 2000 });
    const dpo = await tune(reference, { settings: { pairs: 'dpo' }, steps: 2000 });
    expect(rpo.preferred).toBeGreaterThan(0.74);
    expect(dpo.offManifold - rpo.offManifold).toBeGreaterThan(0.17);
  });
});
