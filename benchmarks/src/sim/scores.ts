import { pathToFileURL } from 'node:url';
import {
  episodeScore,
  type Interval,
  meanInterval,
  type Policy,
  type PrivilegedEnv,
  proportionInterval,
  RandomStream,
  type RecordedEpisode,
  recordEpisode,
} from '@rapport/core';
import { environments, makeEnv, scriptedPolicies } from '@rapport/sim';

/** How a policy does in an environment, over held-out seeds. */
export interface PolicyScores {
  readonly envId: string;
  readonly policy: string;
  /** Preference score of an episode. */
  readonly score: Interval;
  readonly success: Interval;
  /** Mean of the benchmark's sparse reward over an episode's steps. */
  readonly sparse: Interval;
}

/** The first seed; those of small demos and tests lie far below. */
const FIRST_SEED = 1_000_000;

/** Plays every scripted policy, and uniformly random actions, in RAPL's two tasks. */
export async function measureScores(episodes: number): Promise<PolicyScores[]> {
  const rows: PolicyScores[] = [];
  for (const { id } of environments().filter((spec) => spec.id.startsWith('xmagical/'))) {
    const env = await makeEnv(id);
    const policies = [randomActions(env), ...scriptedPolicies(id).map((entry) => entry.create())];
    const names = ['random', ...scriptedPolicies(id).map((entry) => entry.name)];
    for (const [index, policy] of policies.entries()) {
      const recorded: RecordedEpisode[] = [];
      for (let episode = 0; episode < episodes; episode++) {
        recorded.push(await recordEpisode(env, policy, { seed: FIRST_SEED + episode, cameras: [] }));
      }
      rows.push({
        envId: id,
        policy: names[index]!,
        score: meanInterval(recorded.map(({ privileged }) => episodeScore(privileged))),
        success: proportionInterval(recorded.filter(({ privileged }) => privileged.success).length, episodes),
        sparse: meanInterval(
          recorded.map(({ episode }) => episode.rewards.reduce((sum, value) => sum + value, 0) / episode.length),
        ),
      });
    }
  }
  return rows;
}

function randomActions(env: PrivilegedEnv): Policy {
  const { entries } = env.spec.actionSpace;
  let stream = new RandomStream(0, 'random');
  return {
    name: 'random',
    reset: (seed) => {
      stream = new RandomStream(seed, 'random');
    },
    act: () => Float32Array.from(entries, ({ low, high }) => stream.uniformBetween(low, high)),
  };
}

/** The table of docs/xmagical.md. */
export function formatScores(rows: readonly PolicyScores[]): string {
  const interval = ({ mean, low, high }: Interval) => `${mean.toFixed(3)} (${low.toFixed(3)}-${high.toFixed(3)})`;
  const lines = rows.map(
    ({ envId, policy, score, success, sparse }) =>
      `| ${envId.replace('xmagical/', '')} | ${policy} | ${interval(score)} | ${success.mean.toFixed(2)} | ${sparse.mean.toFixed(3)} |`,
  );
  return ['| task and robot | policy | score | success | sparse reward |', '|---|---|---|---|---|', ...lines].join(
    '\n',
  );
}

// As a script: node benchmarks/dist/sim/scores.js [EPISODES]
if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(formatScores(await measureScores(Number(process.argv[2] ?? 100))));
}
