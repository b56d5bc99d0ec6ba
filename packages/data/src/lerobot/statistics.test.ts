import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import * as z from 'zod';
import { openDataset } from './reader.js';
import { type FeatureStatistics, mergeStatistics, pictureStatistics, vectorStatistics } from './statistics.js';

/** A set that LeRobot wrote, with the statistics that LeRobot computed. */
const SAMPLE = fileURLToPath(new URL('../../../../tests/fixtures/lerobot_v3_sample/sample_image', import.meta.url));
const flatNumbers = z.preprocess((value) => [value].flat(5), z.array(z.number()));
const statsSchema = z.record(z.string(), z.record(z.string(), flatNumbers));

it('agrees with the statistics that LeRobot computed for its own sample', async () => {
  const theirs = statsSchema.parse(JSON.parse(await readFile(`${SAMPLE}/meta/stats.json`, 'utf8')));
  const dataset = await openDataset(SAMPLE);
  const states: FeatureStatistics[] = [];
  const pictures: FeatureStatistics[] = [];
  for (const { index, length } of dataset.episodes) {
    const episode = await dataset.readEpisode(index, { frames: true });
    states.push(vectorStatistics(episode.observations.subarray(0, length * 9), 9));
    pictures.push(pictureStatistics(episode.frames[0]!.data, length));
  }
  for (const [key, ours] of [
    ['observation.state', mergeStatistics(states)],
    ['observation.images.front', mergeStatistics(pictures)],
  ] as const) {
    const expected = theirs[key]!;
    expect(ours.count).toBe(expected.count![0]);
    for (const name of ['min', 'max', 'mean', 'std', 'q01', 'q10', 'q50', 'q90', 'q99'] as const) {
      // LeRobot computes in single precision, and its quantiles do not interpolate between neighbouring values.
      const tolerance = name.startsWith('q') ? 0.1 : 5e-4;
      ours[name].forEach((value, entry) => {
        expect(Math.abs(value - expected[name]![entry]!), `${key} ${name}[${entry}]`).toBeLessThan(tolerance);
      });
    }
  }
});

it('interpolates quantiles as NumPy does', () => {
  // numpy.quantile([3, 1, 2, 10], [0.01, 0.1, 0.5, 0.9, 0.99])
  const statistics = vectorStatistics([3, 1, 2, 10], 1);
  expect([statistics.q01, statistics.q10, statistics.q50, statistics.q90, statistics.q99].flat()).toEqual([
    expect.closeTo(1.03, 12),
    expect.closeTo(1.3, 12),
    expect.closeTo(2.5, 12),
    expect.closeTo(7.9, 12),
    expect.closeTo(9.79, 12),
  ]);
});

it('computes the statistics of pictures as those of their pixels', () => {
  const data = Uint8Array.from({ length: 2 * 4 * 5 * 3 }, (_, index) => (index * 37) % 256);
  const pixels = vectorStatistics(
    Float64Array.from(data, (value) => value / 255),
    3,
  );
  const { count, ...ours } = pictureStatistics(data, 2);
  expect(count).toBe(2);
  for (const name of ['min', 'max', 'mean', 'std', 'q01', 'q10', 'q50', 'q90', 'q99'] as const) {
    ours[name].forEach((value, channel) => {
      expect(value).toBeCloseTo(pixels[name][channel]!, 12);
    });
  }
});

it('merges parts into the mean and deviation of the whole', () => {
  const values = Float64Array.from({ length: 60 }, (_, index) => Math.sin(index * 1.7) * index);
  const whole = vectorStatistics(values, 2);
  const merged = [values.subarray(0, 10), values.subarray(10, 44), values.subarray(44)]
    .map((part) => vectorStatistics(part, 2))
    .reduce((total, part) => mergeStatistics([total, part]));
  for (const name of ['min', 'max', 'mean', 'std'] as const) {
    merged[name].forEach((value, entry) => {
      expect(value).toBeCloseTo(whole[name][entry]!, 10);
    });
  }
  expect(merged.count).toBe(30);
});
