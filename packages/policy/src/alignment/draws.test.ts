import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { comparisonSource, pairSource, windowRule } from './draws.js';
import { rankingsOnly, type SegmentRanking } from './preferences.js';

const whole = (rollout: number, length = 12) => ({ rollout, start: 0, end: length });
const ranking: SegmentRanking = {
  items: [whole(0), whole(1), whole(2), whole(3)],
  ranks: [2, 0, 1, 1],
  strength: 3,
  probability: 0.8,
  returns: [10, 13, 12, 12],
};
const draws = 300;

describe('comparisonSource', () => {
  it('takes pairs of different places, the better one first, with the share of the strength between them', () => {
    const source = comparisonSource(rankingsOnly([ranking]), 'rpo', windowRule('plans', 4));
    const stream = new RandomStream(0, 'draws');
    const seen = new Set<string>();
    for (let draw = 0; draw < draws; draw++) {
      const { windows, target, strength, returns } = source.draw(stream, stream);
      const [better, worse] = windows.map(({ rollout }) => rollout);
      seen.add(`${better}>${worse}`);
      const [placeA, placeB] = [ranking.ranks[better!]!, ranking.ranks[worse!]!];
      expect(strength).toBeCloseTo((3 * (placeB - placeA)) / 2);
      expect(returns).toEqual([ranking.returns![better!], ranking.returns![worse!]]);
      expect(target).toBe(0.8);
      // Both at the same plan, which begins every four steps.
      expect(windows[0]!.step).toBe(windows[1]!.step);
      expect(windows[0]!.step % 4).toBe(0);
    }
    expect([...seen].sort()).toEqual(['1>0', '1>2', '1>3', '2>0', '3>0']);
  });

  it('cuts rankings of different length to as many places as all have, in order', () => {
    const pair: SegmentRanking = { items: [whole(4), whole(5)], ranks: [1, 0] };
    expect(comparisonSource(rankingsOnly([ranking]), 'plackett-luce', windowRule('steps', 4)).items).toBe(3);
    const source = comparisonSource(rankingsOnly([ranking, pair]), 'plackett-luce', windowRule('steps', 4));
    expect(source.items).toBe(2);
    const stream = new RandomStream(1, 'draws');
    for (let draw = 0; draw < draws; draw++) {
      const [better, worse] = source.draw(stream, stream).windows.map(({ rollout }) => rollout);
      if (better! >= 4) expect([better, worse]).toEqual([5, 4]);
      else expect(ranking.ranks[better!]!).toBeLessThan(ranking.ranks[worse!]!);
    }
  });

  it('compares the ends of a ranking for best-worst', () => {
    const source = comparisonSource(rankingsOnly([ranking]), 'best-worst', windowRule('steps', 4));
    const stream = new RandomStream(2, 'draws');
    const seen = new Set<string>();
    for (let draw = 0; draw < 20; draw++)
      seen.add(
        source
          .draw(stream, stream)
          .windows.map(({ rollout }) => rollout)
          .join(),
      );
    expect([...seen]).toEqual(['1,0']);
  });

  it('rates the best good and the worst bad for kto, equally often, beside what was rated', () => {
    const ratings = [
      { segment: whole(7), good: true },
      { segment: whole(8), good: false },
    ];
    const source = comparisonSource({ rankings: [ranking], ratings }, 'kto', windowRule('steps', 4));
    expect(source.items).toBe(1);
    const stream = new RandomStream(3, 'draws');
    let good = 0;
    for (let draw = 0; draw < draws; draw++) {
      const { windows, target } = source.draw(stream, stream);
      good += target;
      expect(target === 1 ? [1, 7] : [0, 8]).toContain(windows[0]!.rollout);
    }
    expect(good / draws).toBeGreaterThan(0.4);
    expect(good / draws).toBeLessThan(0.6);
  });

  it('takes the plans whose executed actions lie in a segment, counted from its start', () => {
    // Steps 6 to 9 are executed by the plans at 4 and 8; those of the shorter one by the plan at 0.
    const marked: SegmentRanking = {
      items: [
        { rollout: 0, start: 6, end: 9 },
        { rollout: 1, start: 1, end: 3 },
      ],
      ranks: [0, 1],
    };
    const source = comparisonSource(rankingsOnly([marked]), 'dpo', windowRule('plans', 4));
    const stream = new RandomStream(4, 'draws');
    const steps = new Set<string>();
    for (let draw = 0; draw < 50; draw++)
      steps.add(
        source
          .draw(stream, stream)
          .windows.map(({ step }) => step)
          .join(),
      );
    expect([...steps].sort()).toEqual(['4,0', '8,0']);
  });

  it('takes the first plan of each segment alone when asked to', () => {
    const later: SegmentRanking = {
      items: [
        { rollout: 0, start: 6, end: 12 },
        { rollout: 1, start: 0, end: 12 },
      ],
      ranks: [0, 1],
    };
    const source = comparisonSource(rankingsOnly([later]), 'rpo', windowRule('first', 4));
    const stream = new RandomStream(6, 'draws');
    for (let draw = 0; draw < 20; draw++) {
      expect(source.draw(stream, stream).windows).toEqual([
        { rollout: 0, step: 4 },
        { rollout: 1, step: 0 },
      ]);
    }
  });
});

describe('pairSource', () => {
  it('pairs good and bad ratings where there are no rankings', () => {
    const ratings = [
      { segment: whole(0), good: false },
      { segment: whole(1), good: true },
    ];
    const { windows } = pairSource({ rankings: [], ratings }, windowRule('plans', 4)).draw(
      new RandomStream(5, 'a'),
      new RandomStream(5, 'b'),
    );
    expect(windows.map(({ rollout }) => rollout)).toEqual([1, 0]);
  });
});
