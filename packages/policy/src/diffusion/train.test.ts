import { RandomStream } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import type { DiffusionConfig } from './config.js';
import { batchSampler, type Demonstration, demonstrationStatistics } from './demonstrations.js';
import { smallConfig } from './fixtures.js';
import { diffusionNetwork } from './network.js';
import { DiffusionPolicy } from './policy.js';
import { type DiffusionTrainingState, trainDiffusion } from './train.js';

const config = smallConfig({ dropNLastFrames: 2, cropShape: [6, 5] });

/** A point that is driven to a goal, half of the way in each step. */
function drive(goal: number, start: number, length = 10): Demonstration {
  const state = new Float32Array(length);
  const action = new Float32Array(length);
  for (let step = 0, x = start; step < length; step++) {
    state[step] = x;
    action[step] = (goal - x) / 2;
    x += action[step]!;
  }
  const environment = new Float32Array(length).fill(goal);
  return {
    length,
    vectors: { 'observation.state': state, 'observation.environment_state': environment, action },
    pictures: {},
  };
}

const stream = new RandomStream(7, 'demonstrations');
const demonstrations = Array.from({ length: 30 }, () =>
  drive(stream.uniformBetween(-1, 1), stream.uniformBetween(-1, 1)),
);

describe('trainDiffusion', () => {
  it('learns to act as demonstrated', async () => {
    const losses: number[] = [];
    const checkpoint = await trainDiffusion({
      config,
      demonstrations,
      steps: 1000,
      batchSize: 32,
      averageDecay: 0.97,
      seed: 1,
      onMetrics: (_, values) => losses.push(values['train/loss']!),
    });
    expect(losses[0]!).toBeGreaterThan(0.5);
    const policy = await DiffusionPolicy.create(checkpoint, { name: 'drive' });
    const starts = new RandomStream(8, 'starts');
    let [error, magnitude] = [0, 0];
    for (let start = 0; start < 30; start++) {
      const [x, goal] = [starts.uniformBetween(-0.9, 0.9), starts.uniformBetween(-0.9, 0.9)];
      policy.reset(start);
      const [action] = await policy.act(Float32Array.of(x, goal));
      error += Math.abs(action! - (goal - x) / 2);
      magnitude += Math.abs(goal - x) / 2;
    }
    await policy.close();
    expect(error).toBeLessThan(0.3 * magnitude);
  });

  it('measures the loss on held-out episodes, always on the same windows', async () => {
    const validation = demonstrations.slice(0, 5);
    const measured: (number | undefined)[] = [];
    const options = { config, demonstrations, validation, steps: 60, batchSize: 16, seed: 3, averageDecay: 0.9 };
    await trainDiffusion({
      ...options,
      checkpointEvery: 30,
      onCheckpoint: async (_step, _policy, _state, loss) => void measured.push(loss),
    });
    // An untrained denoiser of epsilon errs by about the variance of the noise, 1.
    expect(measured[0]!).toBeLessThan(1.2);
    expect(measured[1]!).toBeLessThan(0.8 * measured[0]!);
    await trainDiffusion({
      ...options,
      config: { ...config, optimizerLr: 1e-12 },
      checkpointEvery: 30,
      onCheckpoint: async (_step, _policy, _state, loss) => void measured.push(loss),
    });
    expect(measured[3]!).toBeCloseTo(measured[2]!, 5);
  });

  it('ends with the same bytes when it was interrupted', async () => {
    const held = { demonstrations: demonstrations.slice(5), validation: demonstrations.slice(0, 5) };
    const options = { config, ...held, steps: 6, batchSize: 8, seed: 2, checkpointEvery: 3 };
    let middle: DiffusionTrainingState | undefined;
    const metrics: Record<string, number>[] = [];
    const whole = await trainDiffusion({
      ...options,
      onMetrics: (step, values) => metrics.push({ step, ...values }),
      onCheckpoint: async (step, _, state) => {
        if (step === 3) middle = state;
      },
    });
    const later: Record<string, number>[] = [];
    const resumed = await trainDiffusion({
      ...options,
      resume: middle!,
      onMetrics: (step, values) => later.push({ step, ...values }),
      onCheckpoint: async () => undefined,
    });
    expect(resumed).toEqual(whole);
    expect(later).toEqual(metrics.filter(({ step }) => step! > 3));
  });
});

/** Every number of a step is the step's own. */
function counting(length: number): Demonstration {
  const ramp = Float32Array.from({ length }, (_, step) => step);
  return {
    length,
    vectors: { 'observation.state': ramp, 'observation.environment_state': ramp, action: ramp },
    pictures: {},
  };
}

describe('batchSampler', () => {
  it('takes windows around the step, repeats the ends and marks padding', () => {
    const length = 12;
    const network = diffusionNetwork({ ...config, normalizationMapping: {} });
    const batch = batchSampler(network, [counting(length)], { statistics: {}, batchSize: 200 }).next(
      new RandomStream(3, 'windows'),
    );
    const seen = new Set<number>();
    for (let sample = 0; sample < 200; sample++) {
      const [before, now] = batch['observation.state']!.subarray(2 * sample, 2 * sample + 2);
      seen.add(now!);
      expect(before).toBe(Math.max(now! - 1, 0));
      const wanted = Array.from({ length: 8 }, (_, index) => now! - 1 + index);
      const clamped = wanted.map((step) => Math.min(Math.max(step, 0), length - 1));
      expect([...batch.actions!.subarray(8 * sample, 8 * sample + 8)]).toEqual(clamped);
      const valid = wanted.map((step, index) => Number(step === clamped[index]));
      expect([...batch.valid!.subarray(8 * sample, 8 * sample + 8)]).toEqual(valid);
    }
    // The last two steps are not drawn.
    expect([...seen].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it('draws the first step of episodes as often as it is told to', () => {
    const network = diffusionNetwork({ ...config, normalizationMapping: {} });
    const options = { statistics: {}, batchSize: 2000, firstPlanShare: 0.3 };
    const batch = batchSampler(network, [counting(40)], options).next(new RandomStream(5, 'windows'));
    const steps = Array.from({ length: 2000 }, (_, sample) => batch['observation.state']![2 * sample + 1]!);
    // Of the others one in 38 is the first step by chance; three deviations of a share of 2000.
    const share = 0.3 + 0.7 / 38;
    const first = steps.filter((step) => step === 0).length / 2000;
    expect(Math.abs(first - share)).toBeLessThan(3 * Math.sqrt((share * (1 - share)) / 2000));
    expect(new Set(steps).size).toBe(38);
  });

  it('cuts one place out of all pictures of a batch', () => {
    const [length, height, width] = [4, 8, 9];
    const frame = (step: number) => Array.from({ length: height * width * 3 }, (_, index) => (step * 50 + index) % 256);
    const pictures = Uint8Array.from(Array.from({ length }, (_, step) => frame(step)).flat());
    const ramp = Float32Array.from({ length }, (_, step) => step);
    const withCamera = {
      ...config,
      normalizationMapping: {},
      inputFeatures: {
        'observation.state': { type: 'STATE', shape: [1] },
        'observation.image': { type: 'VISUAL', shape: [3, height, width] },
      },
    } satisfies DiffusionConfig;
    const one: Demonstration = {
      length,
      vectors: { 'observation.state': ramp, action: ramp },
      pictures: { 'observation.image': pictures },
    };
    const batch = batchSampler(diffusionNetwork(withCamera), [one], { statistics: {}, batchSize: 3 }).next(
      new RandomStream(4, 'crops'),
    );
    const crops = batch['observation.image']!;
    const size = 3 * 6 * 5;
    const offsetsOf = (place: number): string[] => {
      const step = batch['observation.state']![place]!;
      const fits: string[] = [];
      for (let top = 0; top <= 2; top++) {
        for (let left = 0; left <= 4; left++) {
          const matches = Array.from({ length: size }, (_, index) => {
            const [channel, row, column] = [Math.floor(index / 30), Math.floor((index % 30) / 5), index % 5];
            const byte = frame(step)[((top + row) * width + left + column) * 3 + channel]!;
            return Math.abs(crops[place * size + index]! - byte / 255) < 1e-6;
          }).every(Boolean);
          if (matches) fits.push(`${top},${left}`);
        }
      }
      return fits;
    };
    const all = Array.from({ length: 6 }, (_, place) => offsetsOf(place));
    expect(all[0]).toHaveLength(1);
    expect(all.every((fits) => fits[0] === all[0]![0])).toBe(true);
  });

  it('measures statistics over all demonstrations', () => {
    const statistics = demonstrationStatistics([drive(1, 0, 2), drive(-1, 0.5, 2)]);
    // Actions: 0.5, 0.25 and -0.75, -0.375.
    expect([...statistics.action!.min!]).toEqual([-0.75]);
    expect([...statistics.action!.max!]).toEqual([0.5]);
    expect(statistics.action!.mean![0]).toBeCloseTo(-0.09375);
  });

  it('keeps an observation that did not vary from being blown up, and an action exact', () => {
    const still = Float32Array.of(2, 2, 2);
    const vectors = { 'observation.state': still, action: still };
    const statistics = demonstrationStatistics([{ length: 3, vectors, pictures: {} }]);
    const [state, action] = [statistics['observation.state']!, statistics.action!];
    expect([state.min![0], state.max![0]]).toEqual([1.5, 2.5]);
    expect([action.min![0], action.max![0]]).toEqual([2, 2]);
  });
});
