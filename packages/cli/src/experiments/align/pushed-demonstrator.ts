import { compiledSibling, InputError, type Policy, RandomStream } from '@rapport/core';
import { type Actor, makeEnv, scriptedPolicy } from '@rapport/sim';

/** A demonstrator that is pushed aside once. */
interface Pushed {
  readonly envId: string;
  /** Scripted policy that demonstrates. */
  readonly policy: string;
  /** Entries of the action that the push replaces. */
  readonly entries: readonly string[];
}

/** The push comes after so many steps, at most: while the arm comes near and goes down. */
const LATEST_PUSH = 14;

/** The step at which the demonstrator of a seed is pushed, from 1 on. */
export function pushStep(seed: number): number {
  return 1 + new RandomStream(seed, 'push/step').integer(LATEST_PUSH);
}

/** How another thread makes a demonstrator that is pushed. */
export function pushedDemonstrator(pushed: Pushed): Actor {
  return { module: compiledSibling(import.meta.url, 'pushed-demonstrator.js'), data: JSON.stringify(pushed) };
}

/**
 * The demonstrator, but at `pushStep` of the seed some entries of its action are drawn anew within their bounds; what worker
 * threads import. What follows the push shows how to come back from states that no undisturbed demonstration visits
 * (Laskey et al. 2017, "DART", arXiv 1703.09327, which disturbs every step).
 */
export async function makePolicy(data: string): Promise<Policy> {
  const { envId, policy: name, entries } = JSON.parse(data) as Pushed;
  const policy = scriptedPolicy(envId, name);
  const env = await makeEnv(envId);
  const { actionSpace } = env.spec;
  env.close();
  const pushed = entries.map((entry) => {
    const index = actionSpace.entries.findIndex((one) => one.name === entry);
    if (index < 0) throw new InputError(`${envId} has no action entry "${entry}" that a push could replace`);
    return { index, ...actionSpace.entries[index]! };
  });
  let [step, pushAt, stream] = [0, 0, new RandomStream(0, 'push')];
  return {
    name: `${policy.name}/pushed`,
    reset(seed) {
      policy.reset(seed);
      [step, pushAt, stream] = [0, pushStep(seed), new RandomStream(seed, 'push')];
    },
    async act(observation) {
      const action = Float32Array.from(await policy.act(observation));
      if (step === pushAt) for (const { index, low, high } of pushed) action[index] = stream.uniformBetween(low, high);
      step += 1;
      return action;
    },
  };
}
