import { describe, expect, it } from 'vitest';
import {
  type FeedbackValue,
  type LedgerEntry,
  onDecidingFrames,
  standingRankings,
  strengthBetween,
} from './feedback.js';

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

  it('keeps what was marked beside the answer', () => {
    const windows = [{ start: 10, end: 20 }, null];
    const entry = {
      ...answer('a', { kind: 'pair', preferred: 1 }),
      annotation: { windows, reasons: ['safer'], strength: 2 },
    };
    expect(standingRankings([entry as LedgerEntry])).toEqual([{ items, ranks: [1, 0], windows, strength: 2 }]);
  });
});

it('spreads a strength evenly over the places between best and worst', () => {
  const clips = [0, 1, 2, 3].map((episode) => ({ dataset: 'd', episode, start: 0, end: 50 }));
  const ranking = { items: clips, ranks: [2, 0, 1, 1], strength: 3 } as const;
  expect(strengthBetween(ranking, 1, 0)).toBe(3);
  expect(strengthBetween(ranking, 1, 2)).toBe(1.5);
  expect([strengthBetween(ranking, 2, 3), strengthBetween(ranking, 0, 1)]).toEqual([0, 0]);
  expect(strengthBetween({ items: clips, ranks: [0, 1, 2, 3] }, 0, 3)).toBe(0);
});

it('cuts the clips of a ranking to the frames that decided', () => {
  const windows = [null, { start: 4, end: 6 }];
  const cut = onDecidingFrames({ items, ranks: [0, 1], windows });
  expect(cut.items).toEqual([items[0], { dataset: 'd', episode: 1, start: 4, end: 6 }]);
});
