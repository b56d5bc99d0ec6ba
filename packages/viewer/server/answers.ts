import type { Annotation, FeedbackEntry, FeedbackValue, Query, RandomStream } from '@rapport/core';
import type { AnswerAnnotation, AnswerMessage, AnswerValue } from '../protocol/index.js';
import { ProtocolError } from './protocol-error.js';

/**
 * The order on screen: entry p is the item of the query at place p. It depends on the stream's seed, the query and
 * the annotator alone, so that a reload or a restart shows the same order.
 */
export function screenOrder(random: RandomStream, query: Query, annotator: string): number[] {
  const items = query.items.map((_, item) => item);
  return random.fork(`screen-order/${query.id}/${annotator}`).shuffled(items);
}

/**
 * The ledger entry for an answer given in places on screen.
 * @throws ProtocolError when the answer does not fit the query
 */
export function feedbackEntry(
  message: AnswerMessage,
  query: Query,
  order: readonly number[],
  annotator: string,
): FeedbackEntry {
  const { entry: id, shownAtMs, answeredAtMs } = message;
  if (message.replays.length !== order.length) {
    throw new ProtocolError('malformed', `replays has ${message.replays.length} counts; the query has ${order.length}`);
  }
  if (answeredAtMs < shownAtMs) throw new ProtocolError('malformed', 'answeredAtMs lies before shownAtMs');
  return {
    kind: 'feedback',
    id,
    query,
    screenOrder: order,
    value: feedbackValue(message.value, order),
    annotator,
    shownAtMs,
    answeredAtMs,
    replays: byItem(message.replays, order),
    ...(message.annotation !== undefined && { annotation: itemAnnotation(message.annotation, query, order) }),
  };
}

/** Windows by place and from the start of the clip become windows by item and from the start of the episode. */
function itemAnnotation(
  { windows, ...rest }: AnswerAnnotation,
  { items }: Query,
  order: readonly number[],
): Annotation {
  if (windows === undefined) return rest;
  if (windows.length !== order.length) {
    throw new ProtocolError('malformed', `windows has ${windows.length} entries; the query has ${order.length}`);
  }
  return {
    ...rest,
    windows: byItem(windows, order).map((window, item) => {
      const { start } = items[item]!;
      return window && { start: start + window[0], end: start + window[1] };
    }),
  };
}

function feedbackValue(value: AnswerValue, order: readonly number[]): FeedbackValue {
  if (value.kind !== 'ranking') return value;
  const { ranks } = value;
  const places = new Set(ranks);
  if (ranks.length !== order.length || [...places].some((place) => place >= places.size)) {
    throw new ProtocolError('malformed', `ranks must hold ${order.length} places without gaps, counted from 0`);
  }
  const itemRanks = byItem(ranks, order);
  if (itemRanks.length > 2) return { kind: 'ranking', ranks: itemRanks };
  return { kind: 'pair', preferred: places.size === 1 ? null : itemRanks[0] === 0 ? 0 : 1 };
}

/** Values given by place on screen, put in the order of the query's items. */
function byItem<Value>(byPlace: readonly Value[], order: readonly number[]): Value[] {
  const values: Value[] = Array.from({ length: order.length });
  order.forEach((item, place) => {
    values[item] = byPlace[place]!;
  });
  return values;
}
