import { mean, type Policy, type PrivilegedEnv, recordEpisode } from '@rapport/core';
import type { Dataset } from '@rapport/data';
import { EVALUATION_SEED_START } from '@rapport/policy';
import { clipKey, type EvaluatedClip, type RaplModel, type VideoLookup } from '@rapport/reward';
import type { ClipPicture, PlanPicture, RewardStrip } from '../report/data.js';
import { filmStrip, frameSheet, planPicture } from '../report/pictures.js';
import type { LearnedReward } from './learn.js';

const FILM_FRAMES = 12;
const CLIP_PIXELS = 160;

/** Held-out clips worth looking at: the most and the least preferred one, and one between. */
export interface Exhibits {
  readonly best: EvaluatedClip;
  readonly middle: EvaluatedClip;
  readonly worst: EvaluatedClip;
}

/** Chooses exhibits by true score. */
export function chooseExhibits(clips: readonly EvaluatedClip[]): Exhibits {
  const sorted = [...clips].sort((a, b) => b.score - a.score);
  return { best: sorted[0]!, middle: sorted[Math.floor(sorted.length / 2)]!, worst: sorted.at(-1)! };
}

/** Rewards of both models and the true score under the film strip of each exhibit. */
export async function drawStrips(
  exhibits: Exhibits,
  learned: { readonly rapl: LearnedReward; readonly rlhf: LearnedReward },
  scores: ReadonlyMap<string, Float32Array>,
  videos: VideoLookup,
  dataset: Dataset,
  camera: string,
): Promise<RewardStrip[]> {
  const strips: RewardStrip[] = [];
  for (const [label, { clip, score }] of Object.entries(exhibits) as [string, EvaluatedClip][]) {
    const stack = await dataset.readFrames(clip.episode, camera, clip);
    const series = [
      { name: 'true', values: [...scores.get(clipKey(clip))!] },
      { name: 'rapl', values: [...learned.rapl.model.rewards(videos(clip))] },
      { name: 'rlhf', values: [...learned.rlhf.model.rewards(videos(clip))] },
    ];
    strips.push({
      title: `${label} held-out rollout (${dataset.episode(clip.episode).policy}, score ${score.toFixed(2)})`,
      film: filmStrip(stack, clip.end - clip.start, FILM_FRAMES),
      series,
    });
  }
  return strips;
}

/** The transport plans of the most and the least preferred exhibit to the reference that each is closest to. */
export function drawPlans(exhibits: Exhibits, model: RaplModel, videos: VideoLookup): PlanPicture[] {
  const plan = (title: string, { clip }: EvaluatedClip): PlanPicture => {
    const { plan, distance, reference, frameCosts } = model.compare(videos(clip));
    const rows = frameCosts.length;
    return {
      title,
      caption: `rollout ${clip.episode} to preferred rollout ${model.parts.references[reference]!.clip.episode}; transport cost ${distance.toFixed(3)}`,
      picture: planPicture(plan, rows, plan.length / rows),
    };
  };
  return [plan('A preferred rollout', exhibits.best), plan('A disliked rollout', exhibits.worst)];
}

/** Each policy from the same held-out start. */
export async function filmPolicies(
  env: PrivilegedEnv,
  policies: readonly { readonly title: string; readonly policy: Policy }[],
): Promise<ClipPicture[]> {
  const camera = { camera: env.spec.cameras[0]!, width: CLIP_PIXELS, height: CLIP_PIXELS };
  const clips: ClipPicture[] = [];
  for (const { title, policy } of policies) {
    const { episode, privileged } = await recordEpisode(env, policy, {
      seed: EVALUATION_SEED_START,
      cameras: [camera],
    });
    const frames = Array.from({ length: episode.length }, (_, frame) => frame);
    clips.push({
      title,
      caption: `score ${mean(privileged.stepScores).toFixed(2)}${privileged.success ? ', success' : ''}`,
      sheet: frameSheet(episode.frames[0]!, frames),
      frames: episode.length,
      fps: env.spec.controlHz,
      size: CLIP_PIXELS,
    });
  }
  return clips;
}
