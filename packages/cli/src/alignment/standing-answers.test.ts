import type { LedgerEntry } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { StandingAnswers } from './standing-answers.js';

const answer = (id: string, query: string, kind: 'ranking' | 'skip' = 'ranking'): LedgerEntry => ({
  kind: 'feedback',
  id,
  query: { id: query, items: [{ dataset: 'd', episode: 0, start: 0, end: 1 }] },
  screenOrder: [0],
  value: kind === 'skip' ? { kind } : { kind, ranks: [0] },
  annotator: 'human/annotator-1',
  shownAtMs: 0,
  answeredAtMs: 1,
  replays: [0],
});
const undo = (undoes: string): LedgerEntry => ({
  kind: 'undo',
  id: `undo-${undoes}`,
  undoes,
  annotator: 'human/annotator-1',
  atMs: 2,
});

describe('StandingAnswers', () => {
  it('covers queries with an answer or a skip, of earlier runs too, and none whose answer was taken back', () => {
    const answers = new StandingAnswers([answer('1', 'first')]);
    expect(answers.cover(new Set())).toBe(true);
    expect(answers.cover(new Set(['first']))).toBe(true);
    expect(answers.cover(new Set(['first', 'second']))).toBe(false);
    answers.add(answer('2', 'second', 'skip'));
    expect(answers.cover(new Set(['first', 'second']))).toBe(true);
    answers.add(undo('1'));
    expect(answers.cover(new Set(['first']))).toBe(false);
    answers.add(answer('3', 'first'));
    expect(answers.cover(new Set(['first', 'second']))).toBe(true);
  });
});
