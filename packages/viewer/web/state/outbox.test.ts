import { expect, it } from 'vitest';
import type { ClientMessage } from '../../protocol/index.js';
import { Outbox } from './outbox.js';

const answer = (entry: string, query: string): ClientMessage => ({
  type: 'answer',
  entry,
  query,
  value: { kind: 'skip' },
  shownAtMs: 1,
  answeredAtMs: 2,
  replays: [1, 1],
});
const undo = (entry: string, undoes: string): ClientMessage => ({ type: 'undo', entry, undoes, atMs: 3 });

it('knows which queries are answered until their answers are undone or stored', () => {
  const outbox = new Outbox();
  outbox.load([answer('a', 'first'), answer('b', 'second')]);
  outbox.add(undo('c', 'b'));
  expect(['first', 'second', 'third'].map((query) => outbox.answers(query))).toEqual([true, false, false]);
  expect(outbox.answeredQueries).toEqual(['first', 'second']);
  outbox.remove('a');
  expect(outbox.answers('first')).toBe(false);
  expect(outbox.messages).toHaveLength(2);
});

it('says what can be undone once the server has worked it off', () => {
  const outbox = new Outbox();
  outbox.load([answer('b', 'second'), undo('c', 'b'), undo('d', 'stored'), answer('e', 'third')]);
  expect(outbox.undoableAfter(['older', 'stored', 'b'])).toEqual(['older', 'e']);
});
