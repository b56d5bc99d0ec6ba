import {
  type ClipReference,
  type FrameWindow,
  InterruptedError,
  mean,
  RandomStream,
  type WorkOptions,
} from '@rapport/core';
import { compileFunction } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { evaluateReward } from '../diagnostics/evaluate.js';
import { FEATURES, syntheticEncoder, syntheticWorld } from '../training/synthetic.testing.js';
import { logistic } from '../training/temperature.js';
import { exactTransport } from '../transport/exact.js';
import { type FeatureVideo, spreadFrames } from '../videos.js';
import { type RaplConfig, raplConfig } from './config.js';
import { embedVideo } from './embedding.js';
import { raplGraph } from './graph.js';
import { RaplModel, type Reference } from './model.js';
import { trainRapl } from './train.js';

const world = syntheticWorld(3, 60);
const learned = world.clips.slice(0, 40);
const heldOutClips = world.clips.slice(40);
const rankings = world.rankings(learned, 50);
const heldOut = {
  rankings: world.rankings(heldOutClips, 40),
  clips: heldOutClips,
  videos: world.videos,
  stepScores: world.stepScores,
};
const config = raplConfig({ framesPerVideo: 6, embeddingSize: 8, epochs: 30, referenceEpochs: 0, learningRate: 5e-3 });

async function train(overrides: Partial<RaplConfig> = {}, seed = 1, work: WorkOptions = {}) {
  return trainRapl({
    ...work,
    rankings,
    videos: world.videos,
    encoder: syntheticEncoder,
    config: { ...config, ...overrides },
    stream: new RandomStream(seed, 'rapl'),
  });
}

describe('trainRapl', () => {
  it('learns the order of held-out videos that raw feature distances do not show', async () => {
    const { model, report } = await train({ referenceEpochs: 5 });
    const learnt = evaluateReward(model, heldOut);
    expect(learnt.pairAccuracy!.mean).toBeGreaterThan(0.85);
    expect(learnt.acrossVideos.mean).toBeGreaterThan(0.8);
    expect(report.parameters).toBe(FEATURES * 8);
    expect(report.trainingRankings).toBe(40);
    expect(report.validationRankings).toBe(10);
    expect(report.epochs[report.bestEpoch]!.validationLoss).toBe(
      Math.min(...report.epochs.map(({ validationLoss }) => validationLoss)),
    );
    const untrained = evaluateReward((await train({ epochs: 1, learningRate: 1e-9 })).model, heldOut);
    expect(learnt.acrossVideos.mean).toBeGreaterThan(untrained.acrossVideos.mean + 0.1);
  });

  it('learns nothing from labels that are permuted at random', async () => {
    const stream = new RandomStream(9, 'permutation');
    const { model } = await trainRapl({
      rankings: rankings.map(({ items }) => ({ items, ranks: stream.shuffled([0, 1, 2]) })),
      videos: world.videos,
      encoder: syntheticEncoder,
      config,
      stream,
    });
    expect(Math.abs(evaluateReward(model, heldOut).acrossVideos.mean)).toBeLessThan(0.6);
  });

  it('gives the same bits for the same seed and others for another', async () => {
    const [a, b, c] = [await train({ epochs: 3 }), await train({ epochs: 3 }), await train({ epochs: 3 }, 2)];
    expect(a.model.parts).toEqual(b.model.parts);
    expect(a.report).toEqual(b.report);
    expect(a.model.parts.head.parameters).not.toEqual(c.model.parts.head.parameters);
  });

  it('counts the epochs of its second stage on in its metrics', async () => {
    const epochs: number[] = [];
    await train({ epochs: 2, referenceEpochs: 2 }, 1, { onMetrics: (epoch) => epochs.push(epoch) });
    expect(epochs).toEqual([0, 1, 2, 3]);
  });

  it('learns from the frames that decided, where they were marked', async () => {
    const trainOn = async (window: (clip: ClipReference) => FrameWindow | null) => {
      const { model } = await trainRapl({
        rankings: rankings.map((ranking) => ({ ...ranking, windows: ranking.items.map(window) })),
        videos: world.videos,
        encoder: syntheticEncoder,
        config: { ...config, epochs: 3 },
        stream: new RandomStream(1, 'rapl'),
      });
      return model.parts;
    };
    const unmarked = (await train({ epochs: 3 })).model.parts;
    expect(await trainOn(() => null)).toEqual(unmarked);
    expect(await trainOn(({ start, end }) => ({ start, end }))).toEqual(unmarked);
    const lateHalf = await trainOn(({ end }) => ({ start: end - 6, end }));
    expect(lateHalf.head.parameters).not.toEqual(unmarked.head.parameters);
    // Episodes are compared with references from the first frame to the last.
    for (const { clip, video } of lateHalf.references) expect(video.frames).toBe(clip.end - clip.start);
    expect(lateHalf.references[0]!.video.frames).toBe(12);
  });

  it('gives the frames of the training clips mean 0 and deviation 1, and references that were ranked first', async () => {
    const { model } = await train({ epochs: 3 });
    const rewards = learned.flatMap((clip) => Array.from(model.rewards(world.videos(clip))));
    expect(mean(rewards)).toBeCloseTo(0, 4);
    expect(Math.sqrt(mean(rewards.map((reward) => reward ** 2)))).toBeCloseTo(1, 4);
    for (const { clip } of model.parts.references) {
      const first = rankings.some(({ items, ranks }) => items.some((item, at) => item === clip && ranks[at] === 0));
      expect(first).toBe(true);
    }
  });

  it('stops when asked to', async () => {
    const training = trainRapl({
      rankings,
      videos: world.videos,
      encoder: syntheticEncoder,
      config,
      stream: new RandomStream(1, 'rapl'),
      signal: { aborted: true },
    });
    await expect(training).rejects.toThrow(InterruptedError);
  });

  it('refuses rankings of pairs, rankings of ties and clips without features', async () => {
    const [a, b, c] = learned;
    const attempt = (items: (typeof learned)[number][], ranks: number[]) =>
      trainRapl({
        rankings: [{ items, ranks }],
        videos: world.videos,
        encoder: syntheticEncoder,
        config,
        stream: new RandomStream(1, 'rapl'),
      });
    await expect(attempt([a!, b!], [0, 1])).rejects.toThrow(/three or more clips/);
    await expect(attempt([a!, b!, c!], [0, 0, 0])).rejects.toThrow(/none of the 1 rankings prefers/);
    await expect(attempt([a!, b!, { ...c!, episode: 999 }], [0, 1, 2])).rejects.toThrow(
      /no features for clip synthetic#999\[0:12\]/,
    );
  });
});

describe('RaplModel', () => {
  it('pays frames what the plan to the closest reference costs', async () => {
    const { model } = await train({ epochs: 3, references: 3 });
    const video = world.videos(heldOutClips[0]!);
    const { reference, distance, frameCosts, plan, costs } = model.compare(video);
    for (let frame = 0; frame < video.frames; frame++) {
      let cost = 0;
      for (let other = 0; other < video.frames; other++) {
        const index = frame * video.frames + other;
        cost += plan[index]! * costs[index]!;
      }
      expect(frameCosts[frame]).toBeCloseTo(cost * video.frames, 5);
    }
    expect(mean(frameCosts)).toBeCloseTo(distance, 6);
    const others = model.parts.references.map((only) => distanceTo(model, only, video));
    expect(others[reference]).toBe(Math.min(...others));
    expect(distance).toBeCloseTo(Math.min(...others), 6);
  });

  it('approaches exact transport as the entropy falls', async () => {
    const { model } = await train({ epochs: 1, regularization: 0.005 });
    const video = world.videos(heldOutClips[1]!);
    const { costs, distance } = model.compare(video);
    const uniform = new Array<number>(video.frames).fill(1 / video.frames);
    const exact = exactTransport(costs, uniform, uniform).cost;
    expect(distance).toBeGreaterThan(exact - 1e-3);
    expect(distance).toBeLessThan(exact + 0.02);
  });

  it('refuses features of another width', async () => {
    const { model } = await train({ epochs: 1 });
    expect(() => model.rewards({ frames: 1, width: 3, data: new Float32Array(3) })).toThrow(
      /has 3 features a frame; expected 24/,
    );
  });
});

describe('raplGraph', () => {
  it('computes the loss of the formula from distances of the plain model', async () => {
    const { model } = await train({ epochs: 1, framesPerVideo: 12, regularization: 2 });
    const { head } = model.parts;
    const [anchor, near, far] = learned;
    const input = (clip: (typeof learned)[number]): Float32Array => {
      const { data } = world.videos(clip);
      const { mean: center, scale } = head.standardization;
      return data.map((value, index) => (value - center[index % FEATURES]!) * scale[index % FEATURES]!);
    };
    const temperature = 0.3;
    for (const [loss, formula] of [
      ['log-likelihood', (p: number) => -Math.log(p)],
      ['probability-error', (p: number) => 1 - p],
    ] as const) {
      const graph = raplGraph({
        head: head.shape,
        frames: 12,
        batch: 1,
        regularization: 2,
        temperature,
        loss,
      });
      const compiled = await compileFunction({
        outputs: { value: graph.loss },
        parameters: head.parameters,
      });
      const { value } = await compiled.run({
        anchor: input(anchor!),
        near: input(near!),
        far: input(far!),
        target: Float32Array.from([1]),
        weight: Float32Array.from([1]),
      });
      await compiled.close();
      const anchored = referenceOf(model, anchor!);
      const margin =
        (distanceTo(model, anchored, world.videos(far!)) - distanceTo(model, anchored, world.videos(near!))) /
        temperature;
      expect(value[0]).toBeCloseTo(formula(logistic(margin)), 3);
    }
  });
});

/** A clip as a reference of the model. */
function referenceOf(model: RaplModel, clip: (typeof learned)[number]): Reference {
  const video = world.videos(clip);
  return { clip, video: embedVideo(model.parts.head, video, spreadFrames(video.frames, video.frames)) };
}

function distanceTo(model: RaplModel, reference: Reference, video: FeatureVideo): number {
  return new RaplModel({ ...model.parts, references: [reference] }).compare(video).distance;
}
