import { throwIfAborted } from '@rapport/core';
import { z } from 'zod';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'validate',
  summary: 'read every row and picture of a dataset and name the first thing that is wrong',
  description:
    'Opens a LeRobotDataset v3.0, of Rapport or of another program, and reads it whole: counters, rows, indices, ' +
    'tasks, pictures, and what Rapport keeps beside them. The first fault is an error that names file, row and fix.',
  examples: ['rapport validate outputs/rollout/2026-05-04/10-30-00_xmagical-avoid-longstick/dataset'],
  positionals: ['dataset'],
  heeds: [],
  options: () =>
    z.object({
      dataset: z.string().min(1).describe('folder of the dataset'),
      pictures: z.boolean().default(true).describe('decode every picture as well, which takes most of the time'),
    }),
  async run(context, { dataset: directory, pictures }) {
    const { openPrivilegedDataset } = await import('@rapport/data');
    const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
    let frames = 0;
    for (const { index, length, seed } of dataset.episodes) {
      throwIfAborted(context.signal);
      await dataset.readEpisode(index, { frames: pictures });
      // Datasets of other programs have no seed and nothing privileged beside them.
      if (seed >= 0) await readPrivileged(index);
      frames += length;
      context.work.onProgress?.({ label: 'reading episodes', done: index + 1, total: dataset.episodes.length });
    }
    const cameras = dataset.cameras.map(({ camera, width, height, storage }) => ({ camera, width, height, storage }));
    const views = cameras.map((view) => `${view.camera} ${view.width}x${view.height} (${view.storage})`);
    return {
      data: { valid: true, id: dataset.id, envId: dataset.envId, episodes: dataset.episodes.length, frames, cameras },
      text: [
        `${directory} is valid: ${dataset.episodes.length} episodes, ${frames} frames of ${dataset.envId}`,
        `cameras: ${views.length === 0 ? 'none' : views.join(', ')}`,
      ].join('\n'),
    };
  },
});
