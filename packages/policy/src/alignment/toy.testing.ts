import { RandomStream } from '@rapport/core';
import type { DiffusionCheckpoint } from '../diffusion/checkpoint.js';
import type { Demonstration } from '../diffusion/demonstrations.js';
import { smallConfig } from '../diffusion/fixtures.js';
import { DiffusionPolicy } from '../diffusion/policy.js';
import { trainDiffusion } from '../diffusion/train.js';

// Test support: a point in the plane goes from the left to the right, past an obstacle in the middle, above or below it.
// Which way is not told by what is observed at the start.

export const toyConfig = smallConfig({
  inputFeatures: {
    'observation.state': { type: 'STATE', shape: [2] },
    'observation.environment_state': { type: 'ENV', shape: [1] },
  },
  outputFeatures: { action: { type: 'ACTION', shape: [2] } },
  dropNLastFrames: 2,
  cropIsRandom: false,
});

/** Steps of an episode. */
const LENGTH = 12;
const HEIGHT = 0.6;

export type Way = 'above' | 'below' | 'neither';

/** Where the demonstrated path is at a step. */
function pathAt(step: number, start: number, sign: number): readonly [number, number] {
  const share = step / LENGTH;
  const x = share - 0.1 * Math.sin(2 * Math.PI * share);
  return [x, start * (1 - share) + sign * HEIGHT * Math.sin(Math.PI * share)];
}

/** Runs an episode with actions from `act` and records it. */
async function play(start: number, act: (x: number, y: number, step: number) => Promise<readonly number[]>) {
  const state = new Float32Array(2 * LENGTH);
  const action = new Float32Array(2 * LENGTH);
  let [x, y] = [0, start];
  let way: Way = 'neither';
  for (let step = 0; step < LENGTH; step++) {
    state.set([x, y], 2 * step);
    const [dx, dy] = await act(x, y, step);
    action.set([dx!, dy!], 2 * step);
    [x, y] = [x + dx!, y + dy!];
    if (step === LENGTH / 2 - 1 && Math.abs(y) > HEIGHT / 2) way = y > 0 ? 'above' : 'below';
  }
  const vectors = {
    'observation.state': state,
    'observation.environment_state': new Float32Array(LENGTH).fill(start),
    action,
  };
  // Gone far past or short of the goal, or far beside it, is neither way.
  if (Math.hypot(x - 1, y) > 0.25) way = 'neither';
  const rollout: Demonstration = { length: LENGTH, vectors, pictures: {} };
  return { rollout, way };
}

/** Demonstrations, half of them each way, with shaky hands. */
export async function toyDemonstrations(count: number, stream: RandomStream): Promise<Demonstration[]> {
  const demonstrations: Demonstration[] = [];
  for (let index = 0; index < count; index++) {
    const start = stream.uniformBetween(-0.1, 0.1);
    const sign = index % 2 === 0 ? 1 : -1;
    const { rollout } = await play(start, async (x, y, step) => {
      const [wantedX, wantedY] = pathAt(step + 1, start, sign);
      return [wantedX - x + 0.004 * stream.normal(), wantedY - y + 0.004 * stream.normal()];
    });
    demonstrations.push(rollout);
  }
  return demonstrations;
}

/** A policy that goes both ways. */
export async function toyReference(demonstrations: readonly Demonstration[]): Promise<DiffusionCheckpoint> {
  return trainDiffusion({ config: toyConfig, demonstrations, steps: 1200, batchSize: 64, seed: 1 });
}

export interface ToyRollouts {
  readonly rollouts: readonly Demonstration[];
  readonly ways: readonly Way[];
}

/** Rollouts of a policy, `repeats` from each of `starts` starts. */
export async function toyRollouts(
  checkpoint: DiffusionCheckpoint,
  starts: number,
  repeats: number,
  seed: number,
): Promise<ToyRollouts> {
  const policy = await DiffusionPolicy.create(checkpoint, { name: 'toy' });
  const stream = new RandomStream(seed, 'toy/starts');
  const rollouts: Demonstration[] = [];
  const ways: Way[] = [];
  for (let index = 0; index < starts; index++) {
    const start = stream.uniformBetween(-0.1, 0.1);
    for (let repeat = 0; repeat < repeats; repeat++) {
      policy.reset(seed + 1000 * index + repeat);
      const { rollout, way } = await play(start, async (x, y) => [...(await policy.act(Float32Array.of(x, y, start)))]);
      rollouts.push(rollout);
      ways.push(way);
    }
  }
  await policy.close();
  return { rollouts, ways };
}

/** Share of rollouts that went a way. */
export function shareOf(way: Way, { ways }: ToyRollouts): number {
  return ways.filter((one) => one === way).length / ways.length;
}
