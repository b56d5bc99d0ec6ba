import { meanInterval, proportionInterval } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { manipulationEntries } from '../catalogue.js';
import { outcomes } from '../testing/episodes.js';

const entryOf = (id: string) => manipulationEntries.find((entry) => entry.id === id)!;

describe('scripted reach and lift', () => {
  it.each(['franka/reach', 'franka/lift', 'fr3/reach', 'fr3/lift'])('succeed with care: %s', async (id) => {
    const careful = await outcomes(entryOf(id), 'careful', 12);
    expect(careful.filter(({ fault }) => fault !== undefined)).toEqual([]);
    const wins = careful.filter(({ success }) => success).length;
    expect(wins).toBeGreaterThanOrEqual(11);
    expect(proportionInterval(wins, careful.length).low).toBeGreaterThan(0.6);
  });

  it.each(['franka/reach', 'franka/lift'])('score less without care: %s', async (id) => {
    const entry = entryOf(id);
    const scores = async (style: string) => (await outcomes(entry, style, 8)).map(({ score }) => score);
    const careful = meanInterval(await scores('careful'));
    for (const { style } of entry.styles.filter((candidate) => candidate.style !== 'careful')) {
      const other = meanInterval(await scores(style));
      expect(other.high, style).toBeLessThan(careful.low);
    }
  });
});
