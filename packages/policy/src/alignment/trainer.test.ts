import { RandomStream } from '@rapport/core';
import type { ParameterValues } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { diffusionNetwork } from '../diffusion/network.js';
import { DenoisingRows } from './batch.js';
import { type AlignmentConfig, alignmentConfigSchema } from './config.js';
import { toyConfig } from './toy.testing.js';
import { type BatchLayout, compileAlignmentTrainer, compileRowLosses, layoutRows } from './trainer.js';

const network = diffusionNetwork(toyConfig);
const stream = new RandomStream(0, 'trainer');
const drawn = (scale: number): ParameterValues =>
  Object.fromEntries(
    network.denoiser.parameters.map(({ shape, attributes: { name } }) => {
      const size = shape.reduce((product, side) => product * side, 1);
      const data = stream.fillNormal(new Float32Array(size)).map((value) => scale * value);
      return [name, { dtype: 'float32', shape, data }] as const;
    }),
  );
const [policy, reference] = [drawn(0.1), drawn(0.1)];
const lossUnit = 0.7;

/** Random rows whose first action counts nothing. */
function batchOf(layout: BatchLayout) {
  const sizes = { conditionSize: network.shapes.conditionSize, chunkSize: 16 };
  const rows = new DenoisingRows(toyConfig, sizes, layoutRows(layout));
  const feeds = rows.feeds();
  for (const name of ['actions', 'condition'] as const) stream.fillNormal(feeds[name]);
  for (let row = 0; row < rows.rows; row++) {
    rows.drawNoise(row, stream);
    for (let place = 1; place < 8; place++) feeds.weights[8 * row + place] = 1 / 7;
  }
  return rows.feeds();
}

/** The loss that training reports, and every row's denoising loss under policy and reference in units of `lossUnit`. */
async function measure(fields: Partial<AlignmentConfig>, layout: BatchLayout) {
  const config = alignmentConfigSchema.parse(fields);
  const feeds = batchOf(layout);
  const rowLosses = async (parameters: ParameterValues) => {
    const compiled = await compileRowLosses(network, layoutRows(layout), parameters, 'fed');
    const { losses } = await compiled.run(feeds);
    await compiled.close();
    return losses;
  };
  const [own, other] = [await rowLosses(policy), await rowLosses(reference)];
  const trainer = await compileAlignmentTrainer(network, config, layout, { lossUnit, initial: policy, stream });
  const target = Float32Array.from({ length: layout.comparisons }, (_, index) => index % 2);
  const { loss } = await trainer.step({ ...feeds, reference: other, target });
  await trainer.close();
  return { loss, target, own: own.map((value) => value / lossUnit), other: other.map((value) => value / lossUnit) };
}

const softplus = (x: number) => Math.log1p(Math.exp(-Math.abs(x))) + Math.max(x, 0);
const average = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('compileAlignmentTrainer', () => {
  it('trains RPO with a denoising term on demonstrations, as its formula says', async () => {
    const layout = { comparisons: 3, items: 2, demonstrations: 2 };
    const settings = { beta: 2, anchorWeight: 0.5, demonstrationWeight: 0.3 } as const;
    const { loss, target, own, other } = await measure(settings, layout);
    const pairs = [0, 1, 2].map((pair) => {
      const [winner, loser] = [pair, 3 + pair];
      const margin = 2 * (other[winner]! - own[winner]! - (other[loser]! - own[loser]!));
      const y = target[pair]!;
      return y * softplus(-margin) + (1 - y) * softplus(margin) + 0.5 * (y * own[winner]! + (1 - y) * own[loser]!);
    });
    expect(loss).toBeCloseTo(average(pairs) + 0.3 * average([own[6]!, own[7]!]), 4);
  });

  it('trains Plackett-Luce with the best one as anchor', async () => {
    const layout = { comparisons: 2, items: 3, demonstrations: 0 };
    const { loss, own, other } = await measure({ objective: 'plackett-luce', beta: 3, anchorWeight: 0.5 }, layout);
    const lists = [0, 1].map((list) => {
      const scores = [0, 1, 2].map((item) => 3 * (other[2 * item + list]! - own[2 * item + list]!));
      const part = (from: number) => Math.log(scores.slice(from).reduce((sum, one) => sum + Math.exp(one), 0));
      return part(0) - scores[0]! + part(1) - scores[1]! + 0.5 * own[list]!;
    });
    expect(loss).toBeCloseTo(average(lists), 4);
  });

  it('trains KTO on single ratings', async () => {
    const { loss, target, own, other } = await measure(
      { objective: 'kto', beta: 2 },
      { comparisons: 4, items: 1, demonstrations: 0 },
    );
    const gains = [...own].map((value, row) => 2 * (other[row]! - value));
    const middle = Math.max(0, average(gains));
    const losses = gains.map((gain, row) => 1 - 1 / (1 + Math.exp(-(target[row] === 1 ? 1 : -1) * (gain - middle))));
    expect(loss).toBeCloseTo(average(losses), 4);
  });
});

describe('compileRowLosses', () => {
  it('weighs each action of a chunk as told', async () => {
    const layout = { comparisons: 1, items: 1, demonstrations: 0 };
    const feeds = batchOf(layout);
    const compiled = await compileRowLosses(network, 1, policy, 'fed');
    const parts: number[] = [];
    for (let place = 0; place < 8; place++) {
      const weights = new Float32Array(8);
      weights[place] = 1;
      parts.push((await compiled.run({ ...feeds, weights })).losses[0]!);
    }
    const { losses } = await compiled.run(feeds);
    await compiled.close();
    expect(losses[0]).toBeCloseTo(average(parts.slice(1)), 5);
  });
});
