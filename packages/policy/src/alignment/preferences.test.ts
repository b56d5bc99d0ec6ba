import { describe, expect, it } from 'vitest';
import { checkPreferences, clipPreferences, rankingsOnly, ratedSides, type SegmentRanking } from './preferences.js';

const lengths = [10, 20];
const item = (rollout: number, start = 0, end = 10) => ({ rollout, start, end });
const ranked = (fields: Partial<SegmentRanking>) =>
  rankingsOnly([{ items: [item(0), item(1)], ranks: [0, 1], ...fields }]);

describe('checkPreferences', () => {
  it('refuses what the rollouts do not have, naming it', () => {
    const messages: [Parameters<typeof ranked>[0], RegExp][] = [
      [{ items: [item(0), item(2)] }, /^ranking 0 names rollout 2; there are 2$/],
      [{ items: [item(0), item(1, 15, 21)] }, /^ranking 0 names steps 15 to 21 of rollout 1; it has steps 0 to 20$/],
      [{ items: [item(0)], ranks: [0] }, /has 1 items and 1 places; expected two or more/],
      [{ ranks: [0, 1, 2] }, /has 2 items and 3 places/],
      [{ strength: -1 }, /has strength -1/],
      [{ probability: 0.5 }, /has probability 0.5/],
      [{ returns: [1] }, /has returns \[1\]; expected 2/],
    ];
    for (const [fields, message] of messages) expect(() => checkPreferences(ranked(fields), lengths)).toThrow(message);
    const rating = { rankings: [], ratings: [{ segment: item(5), good: true }] };
    expect(() => checkPreferences(rating, lengths)).toThrow(/^rating 0 names rollout 5; there are 2$/);
    expect(() => checkPreferences(ranked({}), lengths)).not.toThrow();
  });
});

describe('ratedSides', () => {
  it('refuses ratings of one kind', () => {
    const ratings = [{ segment: item(0), good: true }];
    expect(() => ratedSides({ rankings: [], ratings })).toThrow(/one-sided: 1 good and 0 bad/);
  });
});

describe('clipPreferences', () => {
  const clips = (dataset: string, episode: number) => [
    { dataset, episode: 0, start: 0, end: 10 },
    { dataset, episode, start: 0, end: 20 },
  ];

  it('takes rankings of a dataset, cut to what the annotator marked, with strengths', () => {
    const windows = [{ start: 2, end: 5 }, null];
    const { rankings } = clipPreferences([{ items: clips('d', 1), ranks: [1, 0], windows, strength: 2 }], 'd', lengths);
    expect(rankings).toEqual([{ items: [item(0, 2, 5), item(1, 0, 20)], ranks: [1, 0], strength: 2 }]);
  });

  it('refuses rankings of another dataset or of a missing rollout', () => {
    expect(() => clipPreferences([{ items: clips('e', 1), ranks: [1, 0] }], 'd', lengths)).toThrow(
      /ranking 0 names rollouts of dataset "e"; expected "d"/,
    );
    expect(() => clipPreferences([{ items: clips('d', 57), ranks: [1, 0] }], 'd', lengths)).toThrow(
      /ranking 0 names rollout 57; there are 2/,
    );
  });
});
