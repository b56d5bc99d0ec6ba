import { pathToFileURL } from 'node:url';
import { episodeScore, type Interval, meanInterval, proportionInterval, recordEpisode } from '@rapport/core';
import { makeEnv, scriptedPolicies } from '@rapport/sim';

/** How a scripted policy does in a manipulation environment, over held-out seeds. */
export interface ScriptedScores {
  readonly envId: string;
  readonly policy: string;
  /** Solved when the episode ends. */
  readonly success: Interval;
  /** Preference score of an episode. */
  readonly score: Interval;
  /** Episodes that a fault cut off. */
  readonly faults: Interval;
}

/** The first seed; those of small demos and tests lie far below. */
const FIRST_SEED = 1_000_000;

/** Plays every scripted policy of an environment. */
export async function measureScripted(envId: string, episodes: number): Promise<ScriptedScores[]> {
  const env = await makeEnv(envId);
  const rows: ScriptedScores[] = [];
  for (const { name, create } of scriptedPolicies(envId)) {
    const policy = create();
    const scores: number[] = [];
    let solved = 0;
    let faulty = 0;
    for (let episode = 0; episode < episodes; episode++) {
      const { privileged, episode: recorded } = await recordEpisode(env, policy, {
        seed: FIRST_SEED + episode,
        cameras: [],
      });
      scores.push(episodeScore(privileged));
      if (privileged.success) solved += 1;
      if (recorded.terminated) faulty += 1;
    }
    rows.push({
      envId,
      policy: name,
      success: proportionInterval(solved, episodes),
      score: meanInterval(scores),
      faults: proportionInterval(faulty, episodes),
    });
  }
  env.close();
  return rows;
}

function formatScripted(rows: readonly ScriptedScores[]): string {
  const interval = ({ mean, low, high }: Interval) => `${mean.toFixed(2)} (${low.toFixed(2)}-${high.toFixed(2)})`;
  const lines = rows.map(
    ({ envId, policy, success, score, faults }) =>
      `| ${envId} | ${policy} | ${interval(success)} | ${interval(score)} | ${faults.mean.toFixed(2)} |`,
  );
  return ['| environment | policy | success | score | faults |', '| --- | --- | --- | --- | --- |', ...lines].join(
    '\n',
  );
}

// As a script: node benchmarks/dist/franka/scores.js EPISODES ENV...
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [episodes = '50', ...ids] = process.argv.slice(2);
  const rows = [];
  for (const id of ids) rows.push(...(await measureScripted(id, Number(episodes))));
  console.log(formatScripted(rows));
}
