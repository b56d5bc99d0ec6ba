import type { DiagnosticStatus, NamedValues, Outgoing } from '../graph/messages.js';
import type { Judgement } from './episode-reward.js';
import type { LiveRewardReport } from './live-reward.js';

/** std_msgs/msg/Float64MultiArray. */
export interface Float64MultiArray {
  readonly layout: {
    readonly dim: readonly { readonly label: string; readonly size: number; readonly stride: number }[];
    readonly data_offset: number;
  };
  readonly data: Float64Array;
}

/** A judgement with what the node knows of its episode. */
export interface EpisodeJudgement extends Judgement {
  readonly episode: number;
  /** Whether the episode has ended; before, everything is that of the part so far. */
  readonly complete: boolean;
  /** Pictures of the episode that were not judged because there was no time. */
  readonly dropped: number;
}

/** Names and values of `~/reward`. `distance` and `reference` are there for rewards by optimal transport only. */
export function rewardValues(judged: EpisodeJudgement): Omit<Outgoing<NamedValues>, 'header'> {
  const numbers: Record<string, number> = {
    complete: judged.complete ? 1 : 0,
    episode: judged.episode,
    frames: judged.frames,
    dropped_frames: judged.dropped,
    reward: judged.rewards.at(-1)!,
    mean_reward: judged.meanReward,
  };
  if (judged.comparison !== undefined) {
    numbers.distance = judged.comparison.distance;
    numbers.reference = judged.comparison.reference;
  }
  return { names: Object.keys(numbers), values: Object.values(numbers) };
}

/** The rewards of all frames so far, shape [frames]. */
export function frameRewards(judged: EpisodeJudgement): Outgoing<Float64MultiArray> {
  const { frames, rewards } = judged;
  return { layout: { dim: [{ label: framesLabel(judged), size: frames, stride: frames }] }, data: rewards };
}

/** The transport plan to the closest reference, shape [frames, frames of the reference]; undefined without one. */
export function transportPlan(judged: EpisodeJudgement): Outgoing<Float64MultiArray> | undefined {
  const { frames, comparison } = judged;
  if (comparison === undefined) return undefined;
  const { plan, reference } = comparison;
  const columns = plan.length / frames;
  const dim = [
    { label: framesLabel(judged), size: frames, stride: plan.length },
    { label: `frames of reference ${reference}`, size: columns, stride: columns },
  ];
  return { layout: { dim }, data: plan };
}

function framesLabel({ complete }: EpisodeJudgement): string {
  return complete ? 'frames (complete)' : 'frames (partial)';
}

/** How the node does. */
export interface RewardHealth extends LiveRewardReport {
  /** What is wrong with the last picture or message, by topic. */
  readonly problems: ReadonlyMap<string, string>;
}

/** @param name of the node */
export function rewardStatus(name: string, health: RewardHealth): Outgoing<DiagnosticStatus> {
  const { problems, running, dropped, framesBehind } = health;
  const [problem] = problems;
  const behind = dropped > 0 || framesBehind > 1;
  const state = running ? 'judges an episode' : 'waits for an episode to start';
  const numbers = {
    frames_behind: framesBehind,
    dropped_frames: dropped,
    encode_ms_p50: 1000 * health.encoding.p50,
    encode_ms_p99: 1000 * health.encoding.p99,
    judge_ms_p50: 1000 * health.judging.p50,
    judge_ms_p99: 1000 * health.judging.p99,
    age: health.age ?? Number.NaN,
  };
  return {
    level: problem !== undefined ? 2 : behind ? 1 : 0,
    name: `${name}: reward`,
    message:
      problem !== undefined
        ? `${problem[0]}: ${problem[1]}`
        : behind
          ? `falls behind: ${dropped} pictures of this episode were dropped`
          : state,
    values: Object.entries(numbers).map(([key, value]) => ({ key, value: String(Number(value.toPrecision(5))) })),
  };
}
