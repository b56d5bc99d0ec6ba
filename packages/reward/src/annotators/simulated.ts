import { type FeedbackEntry, type FeedbackValue, InputError, type Query, type RandomStream } from '@rapport/core';

/**
 * How a simulated annotator differs from a perfect one. The annotator sees each clip's privileged score plus Gumbel noise
 * of scale `temperature`, so that P(i before j) = 1 / (1 + exp(-(score i - score j) / temperature)): Bradley-Terry for
 * pairs, Plackett-Luce for longer rankings.
 */
export interface AnnotatorModel {
  /** Scale of the noise on the score, in units of the score; 0 sees scores exactly. */
  readonly temperature: number;
  /** Clips whose seen scores differ by less than this are called equal. */
  readonly tieMargin: number;
  /** Probability that two random places of an answer are exchanged by a slip of the hand. */
  readonly mistakeRate: number;
  /** Probability that a query is skipped. */
  readonly skipRate: number;
}

/**
 * An annotator who is good but not perfect, for scores in [0, 1]: pairs 0.1 apart are confused about once in 150 times,
 * pairs 0.04 apart once in 8, and every fiftieth answer holds a slip.
 */
export const ordinaryAnnotator: AnnotatorModel = { temperature: 0.02, tieMargin: 0.01, mistakeRate: 0.02, skipRate: 0 };

/** Sees scores exactly, and is never wrong. */
export const perfectAnnotator: AnnotatorModel = { temperature: 0, tieMargin: 0, mistakeRate: 0, skipRate: 0 };

/**
 * One simulated answer.
 * @param scores privileged score of each clip of the query, higher is better
 * @throws InputError when a score is not finite or the model is out of range
 */
export function simulateRanking(scores: readonly number[], model: AnnotatorModel, stream: RandomStream): FeedbackValue {
  checkModel(model);
  if (scores.length < 2) throw new InputError(`a query has ${scores.length} clips; expected at least 2`);
  if (!scores.every(Number.isFinite)) throw new InputError(`scores are ${scores.join(', ')}; expected finite numbers`);

  const skipped = stream.uniform() < model.skipRate;
  const seen = scores.map((score) => score + model.temperature * gumbel(stream));
  const slips = stream.uniform() < model.mistakeRate;
  const first = stream.integer(scores.length);
  const second = (first + 1 + stream.integer(scores.length - 1)) % scores.length;
  if (skipped) return { kind: 'skip' };

  const ranks = ranksOf(seen, model.tieMargin);
  if (slips) [ranks[first], ranks[second]] = [ranks[second]!, ranks[first]!];
  if (scores.length > 2) return { kind: 'ranking', ranks };
  return { kind: 'pair', preferred: ranks[0] === ranks[1] ? null : ranks[0] === 0 ? 0 : 1 };
}

/** What `simulateAnswers` needs beside the annotator. */
export interface SimulatedSession {
  readonly queries: readonly Query[];
  /** Privileged score of item `item` of a query. */
  readonly scoreOf: (query: Query, item: number) => number;
  readonly model: AnnotatorModel;
  readonly stream: RandomStream;
  /** Name in the ledger, for example `simulated/ordinary`. */
  readonly annotator: string;
  /** When the first query is shown, milliseconds since 1970; each answer takes `SECONDS_PER_ANSWER`. */
  readonly startMs: number;
}

const SECONDS_PER_ANSWER = 8;

/** The ledger entries of a simulated annotator who answers the queries in order. */
export function simulateAnswers(session: SimulatedSession): FeedbackEntry[] {
  return session.queries.map((query, index) => {
    const shownAtMs = session.startMs + index * SECONDS_PER_ANSWER * 1000;
    return {
      kind: 'feedback',
      id: `${session.annotator}/${query.id}`,
      query,
      screenOrder: session.stream.shuffled(query.items.map((_, item) => item)),
      value: simulateRanking(
        query.items.map((_, item) => session.scoreOf(query, item)),
        session.model,
        session.stream,
      ),
      annotator: session.annotator,
      shownAtMs,
      answeredAtMs: shownAtMs + SECONDS_PER_ANSWER * 1000,
      replays: query.items.map(() => 1),
    };
  });
}

/** Dense places by falling score; a clip within the margin of the best of a place shares it. */
function ranksOf(scores: readonly number[], tieMargin: number): number[] {
  const order = scores.map((_, item) => item).sort((a, b) => scores[b]! - scores[a]! || a - b);
  const ranks = new Array<number>(scores.length).fill(0);
  let place = 0;
  let best = scores[order[0]!]!;
  for (const item of order) {
    const gap = best - scores[item]!;
    if (gap > 0 && gap >= tieMargin) {
      place += 1;
      best = scores[item]!;
    }
    ranks[item] = place;
  }
  return ranks;
}

/** Standard Gumbel; the difference of two is standard logistic. */
function gumbel(stream: RandomStream): number {
  return -Math.log(-Math.log(Math.max(stream.uniform(), Number.MIN_VALUE)));
}

function checkModel(model: AnnotatorModel): void {
  for (const name of ['temperature', 'tieMargin'] as const) {
    if (!(model[name] >= 0)) throw new InputError(`annotator ${name} is ${model[name]}; expected 0 or more`);
  }
  for (const name of ['mistakeRate', 'skipRate'] as const) {
    if (!(model[name] >= 0 && model[name] <= 1)) {
      throw new InputError(`annotator ${name} is ${model[name]}; expected a probability from 0 to 1`);
    }
  }
}
