import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { EXIT_FAILED } from '../output/errors.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'validate',
  summary: 'read every row and picture of a dataset and say what is wrong, where, and how to mend it',
  description:
    'Opens a LeRobotDataset v3.0, of Rapport or of another program, and reads it whole: counters, rows, indices, ' +
    'times, tasks, pictures, and what Rapport keeps beside them. Every fault is a line that names file, row and fix; ' +
    'with any the exit code is 1.',
  examples: ['rapport validate outputs/rollout/2026-05-04/10-30-00_xmagical-avoid-longstick'],
  positionals: ['dataset'],
  heeds: [],
  options: () =>
    z.object({ dataset: z.string().min(1).describe('folder of the dataset, or of the run that recorded it') }),
  async run(_context, { dataset: path }) {
    const { openDataset, validateDataset } = await import('@rapport/data');
    const directory = datasetFolder(path);
    // What is no dataset at all is an error, not a list of faults.
    const dataset = await openDataset(directory);
    const problems = await validateDataset(directory);
    const { total_episodes: episodes, total_frames: frames } = dataset.info;
    const cameras = dataset.cameras.map(({ camera, width, height, storage }) => ({ camera, width, height, storage }));
    const views = cameras.map((view) => `${view.camera} ${view.width}x${view.height} (${view.storage})`);
    const text =
      problems.length === 0
        ? [
            `${directory} is valid: ${episodes} episodes, ${frames} frames of ${dataset.envId}`,
            `cameras: ${views.length === 0 ? 'none' : views.join(', ')}`,
          ]
        : problems.flatMap(({ file, row, problem, fix }) => [
            `${file}${row === undefined ? '' : ` row ${row}`}: ${problem}`,
            `  fix: ${fix}`,
          ]);
    return {
      data: { valid: problems.length === 0, id: dataset.id, envId: dataset.envId, episodes, frames, cameras, problems },
      text: text.join('\n'),
      exitCode: problems.length === 0 ? 0 : EXIT_FAILED,
    };
  },
});
