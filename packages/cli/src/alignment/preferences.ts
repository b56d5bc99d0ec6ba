import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { InputError, type Query, RandomStream } from '@rapport/core';
import { openDataset } from '@rapport/data';
import { clipPreferences, policyHash, type RolloutPreferences, rankingsOnly } from '@rapport/policy';
import { REWARDS_FOLDER } from '../learning/policy-folder.js';
import type { Context } from '../verb.js';
import { program } from '../version.js';
import type { Ground } from './ground.js';
import { statesPreference } from './learned-rewards.js';
import { lookAtRollouts, type RolloutLooks } from './looks.js';
import type { AlignOptions } from './options.js';
import { orderedQueries, queriesOfStart, rolloutsByStart, wholeRollouts } from './queries.js';
import { ledgerRankings, openRankingDesk, type RankingDesk } from './ranking.js';
import { rewardRankings } from './rewarding.js';
import { recordMatchedRollouts } from './rollouts.js';
import type { Sources } from './sources.js';
import { learnedPreferences, type SyntheticPreferences } from './synthetic.js';

/** Preferences, and where they come from. */
export interface GatheredPreferences {
  /** Folder of the rollouts. */
  readonly rollouts: string;
  readonly preferences: RolloutPreferences;
  /** Rankings by annotators: the labels that were spent. */
  readonly labels: number;
  /** Rankings by a reward. */
  readonly synthetic: number;
  /** The rewards, where they were learned here. */
  readonly learned?: Omit<SyntheticPreferences, 'rankings'>;
}

/** A run that records rollouts. */
interface RecordingRun {
  readonly directory: string;
  /** When it began, milliseconds since 1970. */
  readonly startMs: number;
}

type Surroundings = Pick<Context, 'seed' | 'signal' | 'work' | 'announce' | 'log'>;

/** What gathering preferences needs. */
interface Gathering {
  readonly sources: Sources;
  readonly options: AlignOptions;
  readonly ground: Ground;
  readonly run: RecordingRun;
  readonly context: Surroundings;
  /** Folder of the rollouts. */
  readonly rollouts: string;
}

/**
 * Rolls the policy out unless there are rollouts, and has them ranked: by a person as they arrive, by the simulated
 * annotator, by a reward, or by whoever ranked them before; with rewards that are learned from these, where asked for.
 * @throws InputError when there are no preferences, or they name rollouts that are not there
 */
export async function gatherPreferences(
  sources: Sources,
  options: AlignOptions,
  ground: Ground,
  run: RecordingRun,
  context: Surroundings,
): Promise<GatheredPreferences> {
  const rollouts = sources.dataset ?? join(run.directory, 'rollouts');
  const gathering: Gathering = { sources, options, ground, run, context, rollouts };
  if (options.annotator === 'human' && sources.dataset === undefined) {
    await atDesk(gathering, (desk) => record(gathering, (start) => askAboutStart(gathering, start, desk)));
  } else {
    if (sources.dataset === undefined) await record(gathering, async () => {});
    if (options.annotator !== undefined) {
      const queries = await queriesAboutAll(gathering);
      await atDesk(gathering, async (desk) => {
        for (const query of queries) desk.ask(query);
      });
    }
  }
  return sources.reward === undefined ? annotatorsPreferences(gathering) : rewardsPreferences(gathering);
}

/** Has questions asked and answered. */
async function atDesk(
  { options, run, context, rollouts }: Gathering,
  ask: (desk: RankingDesk) => Promise<void>,
): Promise<void> {
  const desk = await openRankingDesk(options.annotator!, {
    options,
    directory: rollouts,
    startMs: run.startMs,
    ...context,
  });
  try {
    await ask(desk);
    await desk.finish();
  } finally {
    await desk.close();
  }
}

async function record(
  { sources, options, ground, run, context, rollouts }: Gathering,
  onStart: (start: number) => Promise<void>,
): Promise<void> {
  const { seed, work } = context;
  const { rolloutsPerStart } = options;
  const settings = {
    policy: sources.folder,
    starts: options.rollouts / rolloutsPerStart,
    rolloutsPerStart,
    cameras: sources.cameras,
    datasetId: rolloutsId(sources, options, seed, ground.live ? run : undefined),
    seed,
  };
  await recordMatchedRollouts(rollouts, ground, settings, onStart, work);
}

/**
 * Identity of the rollouts that a run records: in simulation the same policy, settings and seed give the same rollouts, on
 * an arm those of every run are others.
 */
function rolloutsId(
  { stored, spec }: Sources,
  options: AlignOptions,
  seed: number,
  live: RecordingRun | undefined,
): string {
  const made = [
    policyHash(stored.checkpoint),
    ...[options.rollouts, options.rolloutsPerStart, options.picture, seed],
    ...(live === undefined ? [] : [live.startMs]),
  ];
  const digest = createHash('sha256').update(JSON.stringify(made)).digest('hex');
  return `${spec.id.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}-align-${digest.slice(0, 10)}`;
}

/** A person is asked about a start as soon as its rollouts are there; on an arm the next one waits for the answers. */
async function askAboutStart(
  { options, ground, context, rollouts }: Gathering,
  start: number,
  desk: RankingDesk,
): Promise<void> {
  const { rolloutsPerStart, queries, clipsPerQuery } = options;
  const dataset = await openDataset(rollouts);
  const own = dataset.episodes.slice(start * rolloutsPerStart, (start + 1) * rolloutsPerStart);
  const wanted = { starts: options.rollouts / rolloutsPerStart, queries, clipsPerQuery };
  const stream = new RandomStream(context.seed, 'align/queries');
  for (const query of queriesOfStart(dataset, own, start, wanted, stream)) desk.ask(query);
  if (ground.live) await desk.answered();
}

/** Where all rollouts are there before the first question, the most different ones are asked about first. */
async function queriesAboutAll(gathering: Gathering): Promise<Query[]> {
  const { options, context, rollouts } = gathering;
  const dataset = await openDataset(rollouts);
  const looks = await looksOf(gathering);
  const starts = rolloutsByStart(dataset).map((group) => wholeRollouts(dataset, group));
  const { queries, clipsPerQuery } = options;
  const stream = new RandomStream(context.seed, 'align/queries');
  return orderedQueries(starts, { name: dataset.id, queries, clipsPerQuery }, looks?.videos, stream);
}

/** Undefined where rollouts have no pictures. */
function looksOf({ sources, options, run, context, rollouts }: Gathering): Promise<RolloutLooks> | undefined {
  const { rewardCameras } = sources;
  if (rewardCameras.length === 0) return undefined;
  return lookAtRollouts(rollouts, join(run.directory, 'looks'), rewardCameras, options, context);
}

/** A reward that was learned elsewhere ranks all rollouts: no labels. */
async function rewardsPreferences({ sources, options, context, rollouts }: Gathering): Promise<GatheredPreferences> {
  const { leastGap, rewardCameras } = options;
  const ranked = await rewardRankings(
    rollouts,
    sources.reward!.spec,
    { leastGap, camera: rewardCameras?.[0] },
    context.work,
  );
  const rankings = ranked.rankings.filter(statesPreference);
  return { rollouts, preferences: rankingsOnly(rankings), labels: 0, synthetic: rankings.length };
}

/** The annotators' rankings, or those of rewards that are learned from them. */
async function annotatorsPreferences(gathering: Gathering): Promise<GatheredPreferences> {
  const { sources, options, run, context, rollouts } = gathering;
  const dataset = await openDataset(rollouts);
  const rankings = await ledgerRankings(options.ledger, dataset.id);
  if (rankings.length === 0) {
    throw new InputError(`the ledger has no rankings of the rollouts in ${rollouts}`, {
      fix: `rank them: ${program} rank ${rollouts}, or give --annotator or --reward`,
    });
  }
  // Also what a reward is learned from must be about these rollouts.
  const lengths = dataset.episodes.map(({ length }) => length);
  const preferences = clipPreferences(rankings, dataset.id, lengths);
  const labels = rankings.length;
  if (options.method === 'direct') return { rollouts, preferences, labels, synthetic: 0 };
  const seen = {
    looks: (await looksOf(gathering))!,
    cameras: sources.rewardCameras,
    folder: join(run.directory, REWARDS_FOLDER),
  };
  const settings = { ...options, seed: context.seed };
  const made = await learnedPreferences(options.method, rollouts, seen, rankings, settings, context.work);
  const { rankings: synthetic, ...learned } = made;
  return { rollouts, preferences: rankingsOnly(synthetic), labels, synthetic: synthetic.length, learned };
}
