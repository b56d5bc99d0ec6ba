import { join } from 'node:path';
import { mean, meanInterval, type PrivilegedEnv, RandomStream, throwIfAborted, type WorkOptions } from '@rapport/core';
import { openLedger, openPrivilegedDataset, type RunFolder } from '@rapport/data';
import { type Evaluation, evaluatePolicy, evaluationSeeds, loadPolicy, type SacPolicy } from '@rapport/policy';
import { clipKey, type Encoder, lookupIn, ordinaryAnnotator, saveReward } from '@rapport/reward';
import { makeEnv } from '@rapport/sim';
import { encodeClips, readScores } from '../learning/clips.js';
import { chooseEncoder } from '../learning/encoder.js';
import {
  type CurvePoint,
  POLICY_FOLDER,
  type PolicyJob,
  type PriorRollouts,
  type RewardName,
  type RewardSpec,
} from '../learning/policy-job.js';
import { runPolicyJobs } from '../learning/policy-pool.js';
import { recordDataset } from '../recording.js';
import type { DemoReport, PolicyReport, ReportPictures, RewardReport } from '../report/data.js';
import { program } from '../version.js';
import { type LearnedReward, learnRewards } from './learn.js';
import type { DemoOptions } from './options.js';
import { chooseExhibits, drawPlans, drawStrips, filmPolicies } from './pictures.js';
import { type CollectedRankings, collectRankings, splitClips } from './rankings.js';

/** What a run of the loop has around it. */
export interface DemoSurroundings {
  readonly run: RunFolder;
  readonly work: WorkOptions;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** A line that the person needs whatever is silenced: the viewer's address. */
  readonly announce: (line: string) => void;
}

/**
 * The whole loop: rollouts, rankings, rewards, policies, judgement. Every stage leaves its result in the run folder; a
 * stage whose result is there is not done again, so that an interrupted run goes on where it stopped.
 */
export async function runLoop(
  options: DemoOptions,
  { run, work, signal, log, announce }: DemoSurroundings,
): Promise<{ readonly report: DemoReport; readonly pictures: ReportPictures }> {
  const { seed } = run.record;
  const root = new RandomStream(seed, 'demo');
  const clock = new StageClock();
  const envId = `xmagical/${options.task}-${options.embodiment}`;
  const env = await makeEnv(envId);
  const camera = env.spec.cameras[0]!;

  const datasetFolder = join(run.directory, 'dataset');
  const recording = { envId, policy: 'mixed', episodes: options.rollouts, picture: options.picture, seed };
  await recordDataset(datasetFolder, { ...recording, datasetId: runId(run) }, work);
  const recordings = await openPrivilegedDataset(datasetFolder);
  const { dataset } = recordings;
  const split = splitClips(recordings);
  const clips = [...split.training, ...split.heldOut];
  const scores = await readScores(recordings, clips);
  clock.stage('rollouts');

  const ledger = await openLedger({ directory: join(run.directory, 'ledger') });
  const startMs = Date.parse(run.record.startedAt);
  const needs = { recording: recordings, split, ledger, stream: root.fork('rankings'), startMs, signal, announce };
  const answers = await collectRankings(options, needs).finally(() => ledger.close());
  throwIfAborted(signal);
  clock.stage('rankings');

  const encoder = await chooseEncoder(options.encoder, work, log);
  const videos = lookupIn(await encodeClips(dataset, clips, camera, encoder, work));
  clock.stage('encoding');

  const stepScores = (clip: (typeof clips)[number]) => scores.get(clipKey(clip))!;
  const heldOut = { rankings: answers.heldOut, clips: split.heldOut, videos, stepScores };
  const data = { rankings: answers.training, videos, encoder };
  const learned = await learnRewards(options, data, heldOut, root.fork('rewards'), work);
  for (const name of ['rapl', 'rlhf'] as const) await saveReward(rewardFolder(run, name), learned[name].model);
  clock.stage('rewards');

  const priorOf = (reward: RewardName): PriorRollouts => ({
    dataset: datasetFolder,
    episodes: split.training.map(({ episode }) => episode),
    // Their pictures are encoded already.
    ...((reward === 'rapl' || reward === 'rlhf') && {
      rewards: split.training.map((clip) => learned[reward].model.rewards(videos(clip))),
    }),
  });
  const trained = await trainPolicies(options, { run, envId, encoder, priorOf, work });
  clock.stage('policies');

  const judged = await judgePolicies(options, trained, env, work);
  clock.stage('evaluation');

  const exhibits = chooseExhibits(learned.rapl.evaluation.clips);
  const pictures: ReportPictures = {
    strips: await drawStrips(exhibits, learned, scores, videos, dataset, camera),
    plans: drawPlans(exhibits, learned.rapl.model, videos),
    clips: await filmPolicies(
      env,
      judged.map(({ reward, policy }) => ({ title: FILM_TITLES[reward], policy })),
    ),
  };
  for (const { policy } of judged) await policy.close();
  await encoder.close();
  env.close();

  const report: DemoReport = {
    format: 1,
    environment: envId,
    task: options.task,
    embodiment: options.embodiment,
    seed,
    annotator: {
      kind: options.annotator,
      description: describeAnnotator(options.annotator),
      queries: answers.asked,
      rankings: answers.training.length,
    },
    rollouts: {
      count: clips.length,
      heldOut: split.heldOut.length,
      meanScore: meanInterval(clips.map((clip) => mean(stepScores(clip)))),
    },
    encoder: { kind: encoder.kind, hash: encoder.hash, description: encoder.description },
    rewards: [rewardReport('rapl', learned.rapl, answers, run), rewardReport('rlhf', learned.rlhf, answers, run)],
    policies: judged.map((one) => policyReport(one, options)),
    shareOfTrueReward: sharesOfTrueReward(judged),
    seconds: clock.seconds,
  };
  return { report, pictures };
}

/** What the films of the report show. */
const FILM_TITLES: Readonly<Record<RewardName, string>> = {
  environment: 'Before: the benchmark’s own reward',
  rapl: 'After: RAPL',
  rlhf: 'RLHF, from the same rankings',
  true: 'The true score, as a bound',
};

function rewardFolder(run: RunFolder, name: 'rapl' | 'rlhf'): string {
  return join(run.directory, 'models', name);
}

interface TrainingNeeds {
  readonly run: RunFolder;
  readonly envId: string;
  readonly encoder: Encoder;
  readonly priorOf: (reward: RewardName) => PriorRollouts;
  readonly work: WorkOptions;
}

interface TrainedPolicy {
  readonly reward: RewardName;
  readonly directory: string;
  readonly curve: readonly CurvePoint[];
}

async function trainPolicies(options: DemoOptions, needs: TrainingNeeds): Promise<TrainedPolicy[]> {
  const { run, envId, encoder, priorOf, work } = needs;
  const specOf = (reward: RewardName): RewardSpec =>
    reward === 'true' || reward === 'environment'
      ? { kind: reward }
      : {
          kind: 'learned',
          directory: rewardFolder(run, reward),
          encoderKind: encoder.kind,
          encoderFeatures: encoder.features,
          picture: options.picture,
        };
  const jobs = options.rewards.map(
    (reward): PolicyJob => ({
      directory: join(run.directory, 'policies', reward),
      envId,
      reward: specOf(reward),
      config: options.policy,
      prior: priorOf(reward),
      seed: run.record.seed,
    }),
  );
  const curves = await runPolicyJobs(jobs, options.workers, work);
  return jobs.map(({ directory }, index) => ({
    reward: options.rewards[index]!,
    directory: join(directory, POLICY_FOLDER),
    curve: curves[index]!,
  }));
}

interface JudgedPolicy extends TrainedPolicy {
  readonly policy: SacPolicy;
  readonly evaluation: Evaluation;
}

async function judgePolicies(
  options: DemoOptions,
  trained: readonly TrainedPolicy[],
  env: PrivilegedEnv,
  work: WorkOptions,
): Promise<JudgedPolicy[]> {
  const judged: JudgedPolicy[] = [];
  for (const one of trained) {
    const policy = await loadPolicy(one.directory);
    const evaluation = await evaluatePolicy({
      ...work,
      env,
      policy,
      seeds: evaluationSeeds(options.evaluationEpisodes),
    });
    judged.push({ ...one, policy, evaluation });
  }
  return judged;
}

function rewardReport(
  name: 'rapl' | 'rlhf',
  learned: LearnedReward,
  answers: CollectedRankings,
  { directory }: RunFolder,
): RewardReport {
  const { evaluation, efficiency } = learned;
  return {
    name,
    trainingRankings: answers.training.length,
    pairAccuracy: evaluation.pairAccuracy,
    truePairAccuracy: evaluation.truePairAccuracy,
    acrossVideos: evaluation.acrossVideos,
    withinVideo: evaluation.withinVideo,
    calibrationError: evaluation.calibration.expectedError,
    calibration: evaluation.calibration.bins
      .filter(({ count }) => count > 0)
      .map(({ confidence, accuracy, count }) => ({ predicted: confidence, observed: accuracy, count })),
    worst: evaluation.worst.map(({ ranking, preferred, other, probability }) => {
      const { items } = answers.heldOut[ranking]!;
      const preferredEpisode = items[preferred]!.episode;
      const otherEpisode = items[other]!.episode;
      const episodes = `--episodes=${preferredEpisode},${otherEpisode}`;
      const command = `${program} rank ${directory} ${episodes} --ledger=${join(directory, 'ledger')}`;
      return { preferredEpisode, otherEpisode, probability, command };
    }),
    labelEfficiency: efficiency,
  };
}

function policyReport({ reward, curve, evaluation }: JudgedPolicy, options: DemoOptions): PolicyReport {
  const { score, success, return: total } = evaluation;
  return { reward, steps: options.policy.steps, curve, final: { score, success, return: total } };
}

/** Mean true score of each policy over that of the policy trained on the true reward. */
function sharesOfTrueReward(judged: readonly JudgedPolicy[]): Record<string, number> {
  const bound = judged.find(({ reward }) => reward === 'true')?.evaluation.score.mean;
  if (bound === undefined) return {};
  return Object.fromEntries(judged.map(({ reward, evaluation }) => [reward, evaluation.score.mean / bound]));
}

function describeAnnotator(kind: DemoOptions['annotator']): string {
  if (kind === 'human') return 'a person, in the viewer';
  const { temperature, tieMargin, mistakeRate, skipRate } = ordinaryAnnotator;
  return (
    `simulated: sees the true score with Gumbel noise of scale ${temperature}, calls scores within ${tieMargin} equal, ` +
    `slips in ${100 * mistakeRate} % of the answers, skips ${100 * skipRate} %`
  );
}

/** Seconds that the stages took. */
class StageClock {
  readonly seconds: Record<string, number> = {};
  #last = performance.now();

  stage(name: string): void {
    const now = performance.now();
    this.seconds[name] = (now - this.#last) / 1000;
    this.#last = now;
  }
}

/** Identity of a run's dataset in its ledger. */
function runId({ record }: RunFolder): string {
  return `${record.name}-seed-${record.seed}`;
}
