import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boxSpace } from '@rapport/core';
import { openDataset } from '@rapport/data';
import { describe, expect, it } from 'vitest';
import { demonstrationStatistics } from './demonstrations.js';
import { readDemonstrations } from './read-demonstrations.js';

const directory = fileURLToPath(new URL('../../../../tests/fixtures/lerobot_v3_sample/sample_image', import.meta.url));

describe('readDemonstrations', () => {
  it('reads the episodes of a dataset of LeRobot, with the statistics that LeRobot measured', async () => {
    const dataset = await openDataset(directory);
    const read = await readDemonstrations(dataset, { stateSize: 6, cameras: ['front'] });
    expect(read.demonstrations.map(({ length }) => length)).toEqual([24, 30, 36]);
    expect(read.inputFeatures).toEqual({
      'observation.state': { type: 'STATE', shape: [6] },
      'observation.images.front': { type: 'VISUAL', shape: [3, 96, 96] },
      'observation.environment_state': { type: 'ENV', shape: [3] },
    });
    expect(read.demonstrations[1]!.pictures['observation.images.front']!.length).toBe(30 * 96 * 96 * 3);

    const recorded = JSON.parse(await readFile(join(directory, 'meta/stats.json'), 'utf8'));
    const statistics = demonstrationStatistics(read.demonstrations);
    const observed = recorded['observation.state'];
    // What does not vary is kept one wide.
    const still = observed.min.map((low: number, channel: number) => (low === observed.max[channel] ? 0.5 : 0));
    expect(still).toContain(0.5);
    const widening: Record<string, number> = { min: -1, max: 1, mean: 0, std: 0 };
    for (const key of ['min', 'max', 'mean', 'std'] as const) {
      const state = [...statistics['observation.state']![key]!, ...statistics['observation.environment_state']![key]!];
      const wanted = observed[key].map((value: number, channel: number) => value + widening[key]! * still[channel]);
      const pairs = [
        [state, wanted],
        [[...statistics.action![key]!], recorded.action[key]],
      ] as const;
      for (const [found, expected] of pairs) {
        expect(found.length).toBe(expected.length);
        found.forEach((value, channel) => {
          expect(value).toBeCloseTo(expected[channel], 4);
        });
      }
    }
  });

  it('refuses a dataset without actions', async () => {
    const dataset = { ...(await openDataset(directory)), actionSpace: boxSpace([]) };
    await expect(readDemonstrations(dataset, { stateSize: 6, cameras: [] })).rejects.toThrow(
      'has no actions; expected the feature "action"',
    );
  });

  it('refuses a camera that is not there, and a state larger than what is observed', async () => {
    const dataset = await openDataset(directory);
    await expect(readDemonstrations(dataset, { stateSize: 6, cameras: ['back'] })).rejects.toThrow(
      'the dataset has no camera "back"; it has front',
    );
    await expect(readDemonstrations(dataset, { stateSize: 10, cameras: [] })).rejects.toThrow('expected 1 to 9');
  });
});
