import { type ClipReference, mean, type Query, type RandomStream, randomQueries } from '@rapport/core';
import type { Ledger, PrivilegedDataset } from '@rapport/data';
import { clipKey, ordinaryAnnotator, simulateAnswers } from '@rapport/reward';
import { wholeEpisodes } from '@rapport/viewer';
import { readScores } from './clips.js';
import { heldOutQueries, interleave, isHeldOut } from './held-out.js';

/**
 * Queries about whole episodes: most about episodes to learn from, and among them some about episodes that rewards are
 * judged on; none about both.
 */
export function drawQueries(
  recording: PrivilegedDataset,
  { queries, clipsPerQuery }: { readonly queries: number; readonly clipsPerQuery: number },
  stream: RandomStream,
): Query[] {
  const clips = wholeEpisodes(recording);
  const heldOut = clips.filter(isHeldOut);
  const judging = heldOutQueries(queries, heldOut.length, clipsPerQuery);
  const learning = clips.filter((clip) => judging === 0 || !isHeldOut(clip));
  const draw = (from: readonly ClipReference[], count: number, name: string) =>
    count === 0 ? [] : randomQueries({ clips: from, count, clipsPerQuery, random: stream.fork(name) });
  return interleave(draw(learning, queries - judging, 'learning'), draw(heldOut, judging, 'judging'));
}

/**
 * Lets the simulated annotator, who sees the true scores with stated imperfections, answer the queries that the ledger
 * has no answer of it to.
 * @param nowMs milliseconds since 1970, when the first query is shown
 * @returns the number of new answers
 */
export async function answerBySimulation(
  recording: PrivilegedDataset,
  queries: readonly Query[],
  ledger: Ledger,
  { stream, nowMs }: { readonly stream: RandomStream; readonly nowMs: number },
): Promise<number> {
  const scores = await readScores(recording, wholeEpisodes(recording));
  const answers = simulateAnswers({
    queries,
    scoreOf: (query, item) => mean(scores.get(clipKey(query.items[item]!))!),
    model: ordinaryAnnotator,
    stream,
    annotator: 'simulated/ordinary',
    startMs: nowMs,
  });
  const known = new Set((await ledger.entries()).map(({ id }) => id));
  const fresh = answers.filter(({ id }) => !known.has(id));
  for (const answer of fresh) await ledger.append(answer);
  return fresh.length;
}
