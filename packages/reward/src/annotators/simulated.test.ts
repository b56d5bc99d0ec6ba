import { type Query, RandomStream, standingRankings } from '@rapport/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AnnotatorModel, perfectAnnotator, simulateAnswers, simulateRanking } from './simulated.js';

const stream = (): RandomStream => new RandomStream(11, 'annotator');

describe('simulateRanking', () => {
  it('ranks by score without imperfections, equal scores tied', () => {
    expect(simulateRanking([0.2, 0.9, 0.2, 0.5], perfectAnnotator, stream())).toEqual({
      kind: 'ranking',
      ranks: [2, 0, 2, 1],
    });
    expect(simulateRanking([0.2, 0.9], perfectAnnotator, stream())).toEqual({ kind: 'pair', preferred: 1 });
    expect(simulateRanking([0.4, 0.4], perfectAnnotator, stream())).toEqual({ kind: 'pair', preferred: null });
  });

  it('chooses pairs as often as the Bradley-Terry model says', () => {
    const model: AnnotatorModel = { ...perfectAnnotator, temperature: 0.1 };
    const random = stream();
    const count = 20_000;
    let firsts = 0;
    for (let index = 0; index < count; index++) {
      const value = simulateRanking([0.6, 0.5], model, random);
      if (value.kind === 'pair' && value.preferred === 0) firsts += 1;
    }
    // Five standard deviations of a binomial share.
    const expected = 1 / (1 + Math.exp(-1));
    expect(Math.abs(firsts / count - expected)).toBeLessThan(5 * Math.sqrt((expected * (1 - expected)) / count));
  });

  it('ranks three items first as often as Plackett-Luce says', () => {
    const model: AnnotatorModel = { ...perfectAnnotator, temperature: 1 };
    const random = stream();
    const scores = [1, 0, -1];
    const total = scores.reduce((sum, score) => sum + Math.exp(score), 0);
    const count = 20_000;
    const wins = [0, 0, 0];
    for (let index = 0; index < count; index++) {
      const value = simulateRanking(scores, model, random);
      if (value.kind === 'ranking') wins[value.ranks.indexOf(0)]! += 1;
    }
    scores.forEach((score, item) => {
      expect(wins[item]! / count).toBeCloseTo(Math.exp(score) / total, 1.7);
    });
  });

  it('ties clips within the margin of the best of their place, and no chain beyond it', () => {
    const model: AnnotatorModel = { ...perfectAnnotator, tieMargin: 0.1 };
    expect(simulateRanking([0.5, 0.44, 0.38], model, stream())).toEqual({ kind: 'ranking', ranks: [0, 0, 1] });
  });

  it('exchanges two places in a mistake and skips at the stated rate', () => {
    const slip = simulateRanking([3, 2, 1], { ...perfectAnnotator, mistakeRate: 1 }, stream());
    expect(slip.kind === 'ranking' && [...slip.ranks].sort()).toEqual([0, 1, 2]);
    expect(slip).not.toEqual({ kind: 'ranking', ranks: [0, 1, 2] });
    const random = stream();
    let skips = 0;
    for (let index = 0; index < 4000; index++) {
      if (simulateRanking([1, 2], { ...perfectAnnotator, skipRate: 0.25 }, random).kind === 'skip') skips += 1;
    }
    expect(skips / 4000).toBeCloseTo(0.25, 1);
  });

  it('always gives dense places', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 6 }),
        fc.integer({ min: 0, max: 1000 }),
        (scores, seed) => {
          const model: AnnotatorModel = { temperature: 0.1, tieMargin: 0.1, mistakeRate: 0.3, skipRate: 0 };
          const value = simulateRanking(scores, model, new RandomStream(seed, 'dense'));
          const ranks = value.kind === 'ranking' ? value.ranks : [];
          const places = [...new Set(ranks)].sort((a, b) => a - b);
          expect(places).toEqual(places.map((_, place) => place));
          expect(ranks).toHaveLength(scores.length);
        },
      ),
    );
  });

  it('refuses probabilities out of range and scores that are not finite', () => {
    expect(() => simulateRanking([0, 1], { ...perfectAnnotator, mistakeRate: 2 }, stream())).toThrow(
      /mistakeRate is 2; expected a probability/,
    );
    expect(() => simulateRanking([0, Number.NaN], perfectAnnotator, stream())).toThrow(/expected finite numbers/);
  });
});

describe('simulateAnswers', () => {
  const queries: Query[] = [0, 1].map((index) => ({
    id: `q-${index}`,
    items: [0, 1, 2].map((episode) => ({ dataset: 'd', episode: episode + 3 * index, start: 0, end: 5 })),
  }));

  it('answers in order, at increasing times, the same for the same seed', () => {
    const session = () =>
      simulateAnswers({
        queries,
        scoreOf: (query, item) => -query.items[item]!.episode,
        model: perfectAnnotator,
        stream: stream(),
        annotator: 'simulated/perfect',
        startMs: 1000,
      });
    const entries = session();
    expect(entries).toEqual(session());
    expect(standingRankings(entries).map(({ ranks }) => ranks)).toEqual([
      [0, 1, 2],
      [0, 1, 2],
    ]);
    expect(entries[0]!.answeredAtMs).toBeLessThanOrEqual(entries[1]!.shownAtMs);
    expect([...entries[0]!.screenOrder].sort()).toEqual([0, 1, 2]);
  });
});
