import { describe, expect, it } from 'vitest';
import { type FeedbackValue, type LedgerEntry, standingRankings } from './feedback.js';

const items = [0, 1].map((episode) => ({ dataset: 'd', episode, start: 0, end: 50 }));

function answer(id: string, value: FeedbackValue): LedgerEntry {
  return {
    kind: 'feedback',
    id,
    query: { id: `query-${id}`, items },
    screenOrder: [0, 1],
    value,
    annotator: 'human/a',
    shownAtMs: 0,
    answeredAtMs: 1,
    replays: [1, 1],
  };
}

describe('standingRankings', () => {
  it('leaves out undone answers, skips and undecidable queries', () => {
    const entries: LedgerEntry[] = [
      answer('a', { kind: 'ranking', ranks: [1, 0] }),
      answer('b', { kind: 'ranking', ranks: [0, 1] }),
      answer('c', { kind: 'skip' }),
      answer('d', { kind: 'cannot-tell' }),
      { kind: 'undo', id: 'u', undoes: 'b', annotator: 'human/a', atMs: 2 },
    ];
    expect(standingRankings(entries)).toEqual([{ items, ranks: [1, 0] }]);
  });

  it('reads pairs as rankings of two', () => {
    const ranks = ([0, 1, null] as const).map(
      (preferred) => standingRankings([answer('p', { kind: 'pair', preferred })])[0]?.ranks,
    );
    expect(ranks).toEqual([
      [0, 1],
      [1, 0],
      [0, 0],
    ]);
  });
});
