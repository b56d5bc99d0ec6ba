import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError, RandomStream, type WorkOptions } from '@rapport/core';
import { openDataset, type RunFolder } from '@rapport/data';
import { loadDiffusionPolicy, readDemonstrations } from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { z } from 'zod';
import { filmPolicies, type StartFilms } from '../../alignment/films.js';
import { stage } from '../../alignment/stage.js';
import { runCloningJob } from '../../learning/cloning-job.js';
import { BEST_FOLDER } from '../../learning/cloning-record.js';
import { chooseEncoder } from '../../learning/encoder.js';
import { recordedCameras } from '../../recording.js';
import { type AlignmentCell, type CellNeeds, cellFolder, runCell } from './cell.js';
import { recordDemonstrations } from './demonstrations.js';
import { type AlignmentEvaluation, evaluateWays, evaluationSchema, yardstick } from './evaluation.js';
import type { AlignExperimentOptions } from './options.js';
import { collectRankings } from './rankings.js';
import { methodTitle, percent } from './report.js';
import { type RolloutSummaries, readRolloutFeatures, recordRollouts, rolloutsSchema } from './rollouts.js';
import { alignmentTasks } from './tasks.js';

/** What a run of the experiment has around it. */
export interface ExperimentSurroundings {
  readonly run: RunFolder;
  readonly work: WorkOptions;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** A line that the person needs whatever is silenced: the viewer's address. */
  readonly announce: (line: string) => void;
}

/** What an experiment came to. */
export interface AlignmentOutcome {
  /** Demonstrations of each way. */
  readonly demonstrations: Readonly<Record<string, number>>;
  readonly rollouts: RolloutSummaries;
  /** Rankings that state a preference, of those asked for. */
  readonly rankings: number;
  readonly before: AlignmentEvaluation;
  readonly cells: readonly AlignmentCell[];
  readonly encoder: { readonly kind: string; readonly hash: string };
}

/**
 * The experiment: demonstrations of several ways, a policy cloned from them, its rollouts, a person's rankings, and an
 * alignment for every method and number of rankings. Every stage leaves its result in the run folder, and is not done again.
 */
export async function runAlignmentExperiment(
  options: AlignExperimentOptions,
  { run, work, signal, log, announce }: ExperimentSurroundings,
): Promise<{ readonly outcome: AlignmentOutcome; readonly films: readonly StartFilms[] }> {
  const { seed } = run.record;
  const { directory } = run;
  const envId = options.env;
  const task = alignmentTasks[envId];
  const root = new RandomStream(seed, 'experiment-align');
  const id = `align-${envId.replaceAll('/', '-')}-${seed}`;

  const rewardCameras = options.rewardCameras ?? task.rewardCameras;
  const shownCameras = options.annotator === 'human' ? [task.viewCamera] : [];
  const env = await makeEnv(envId);
  const { spec } = env;
  env.close();
  const cameras = recordedCameras(spec, {
    cameras: [...new Set([...shownCameras, ...rewardCameras])],
    picture: options.picture,
  });

  const source = options.from ?? directory;
  if (options.from !== undefined) checkSource(options.from);
  const demonstrated = join(source, 'demonstrations');
  const demonstrations = await stage(source, 'demonstrations-done', z.record(z.string(), z.int()), () =>
    recordDemonstrations(
      demonstrated,
      { envId, task, count: options.demonstrations, datasetId: `${id}-demonstrations`, seed },
      work,
    ),
  );

  const cloning = join(source, 'cloning');
  await runCloningJob(
    { directory: cloning, dataset: demonstrated, envId: undefined, config: options.cloning, seed },
    work,
  );
  const policy = join(cloning, BEST_FOLDER);
  const { checkpoint: reference } = await loadDiffusionPolicy(policy);

  const encoder = await chooseEncoder(options.encoder, work, log);
  const rolled = join(directory, 'rollouts');
  const rolloutsId = `${id}-rollouts`;
  const rollouts = await stage(directory, 'rollouts-done', rolloutsSchema, () =>
    recordRollouts(
      rolled,
      {
        spec,
        policy,
        starts: options.starts,
        rolloutsPerStart: options.rolloutsPerStart,
        cameras,
        datasetId: rolloutsId,
        seed,
      },
      { encoder, rewardCameras, frameStride: options.frameStride },
      work,
    ),
  );
  const { kind, hash, features } = encoder;
  await encoder.close();

  const videos = await readRolloutFeatures(rolled, rollouts);
  const rankings = await collectRankings({
    dataset: rolled,
    ledger: join(directory, 'ledger'),
    annotator: options.annotator,
    // Some answers are ties.
    count: Math.ceil(1.3 * Math.max(...options.rankings)),
    looks: options.queries === 'different' ? videos : undefined,
    question: task.question,
    port: options.port,
    stream: root.fork('rankings'),
    startMs: Date.parse(run.record.startedAt),
    signal,
    announce,
  });

  const stateSize = reference.config.inputFeatures['observation.state']!.shape[0]!;
  const read = async (folder: string) =>
    (await readDemonstrations(await openDataset(folder), { ...work, stateSize, cameras: [] })).demonstrations;
  const shown = await read(demonstrated);
  const acted = await read(rolled);
  const stick = await yardstick({ envId, reference, starts: options.evaluationEpisodes }, shown, acted);
  const before = await stage(directory, 'before', evaluationSchema, () => evaluateWays(policy, stick, work));
  const needs: CellNeeds = {
    directory,
    options,
    reference,
    demonstrations: shown,
    rollouts: acted,
    dataset: rolloutsId,
    summaries: rollouts,
    videos,
    encoder: { kind, hash, features, featureSize: rollouts.featureSize },
    rankings,
    yardstick: stick,
    seed,
  };
  const cells: AlignmentCell[] = [];
  for (const count of options.rankings) {
    for (const method of options.methods) {
      if (method === 'oracle' && count !== options.rankings[0]) continue;
      const cell = await runCell(method, count, needs, work);
      cells.push(cell);
      log(describeCell(cell));
    }
  }
  const films = await filmPolicies(
    envId,
    [{ title: 'before', folder: policy }, ...aligned(options, directory)],
    2,
    work,
  );
  const outcome = { demonstrations, rollouts, rankings: rankings.length, before, cells, encoder: { kind, hash } };
  return { outcome, films };
}

/** @throws InputError when a run has no cloned policy to take */
function checkSource(from: string): void {
  for (const file of ['demonstrations-done.json', join('cloning', 'result.json')]) {
    if (existsSync(join(from, file))) continue;
    throw new InputError(`${from} holds no ${file}; expected the folder of a run that has cloned its policy`, {
      fix: 'finish that run with --resume, or leave --from out',
    });
  }
}

/** The policies of each method at the most rankings, to be filmed. */
function aligned({ methods, rankings }: AlignExperimentOptions, directory: string) {
  const most = rankings.at(-1)!;
  return methods
    .filter((method) => method !== 'oracle')
    .map((method) => ({
      title: `${methodTitle(method)}, ${most} rankings`,
      folder: join(cellFolder(directory, method, most), 'policy'),
    }));
}

function describeCell({ method, rankings, wayAccuracy, evaluation, step, stopped }: AlignmentCell): string {
  const { preferred, success } = evaluation;
  const reward = wayAccuracy === undefined ? '' : `; reward right about ${percent(wayAccuracy)} of the ways`;
  const back = stopped === undefined ? '' : `; back to step ${step}: ${stopped}`;
  const share = preferred === null ? '' : `preferred way ${percent(preferred.mean)}, `;
  return `${methodTitle(method)}, ${rankings} rankings: ${share}success ${percent(success.mean)}${reward}${back}`;
}
