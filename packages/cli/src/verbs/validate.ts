import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { datasetFolder } from '../dataset-folder.js';
import { EXIT_FAILED } from '../output/errors.js';
import { type Context, defineVerb, type Outcome } from '../verb.js';

export default defineVerb({
  name: 'validate',
  summary: 'read all of a dataset or a bag and say what is wrong, where, and how to mend it',
  description:
    'Opens a LeRobotDataset v3.0, of Rapport or of another program, and reads it whole: counters, rows, indices, ' +
    'times, tasks, pictures, and what Rapport keeps beside them. Of a bag, a rosbag2 folder or a bare .mcap file: every ' +
    'record, checksum and index, every message against its definition, and metadata.yaml against the recording. Every ' +
    'fault is a line that names file, row or record, and fix; with any the exit code is 1.',
  examples: [
    'rapport validate outputs/rollout/2026-05-04/10-30-00_xmagical-avoid-longstick',
    'rapport validate recordings/cup',
  ],
  positionals: ['dataset'],
  heeds: [],
  options: () =>
    z.object({
      dataset: z
        .string()
        .min(1)
        .describe('folder of the dataset or of the run that recorded it; a bag, or a .mcap file'),
    }),
  async run(context, { dataset: path }) {
    const { isBag, openDataset, validateDataset } = await import('@rapport/data');
    const directory = datasetFolder(path);
    if (!existsSync(join(directory, 'meta')) && (await isBag(path))) return describeBag(path, context);
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

async function describeBag(path: string, { work }: Context): Promise<Outcome> {
  const { validateBag } = await import('@rapport/data');
  const { survey, problems } = await validateBag(path, work);
  const topics = survey.topics.map(({ name, type, messageCount: messages }) => ({ name, type, messages }));
  const seconds = Number(survey.lastLogTime - survey.firstLogTime) / 1e9;
  const text =
    problems.length === 0
      ? [
          `${path} is valid: ${survey.messageCount} messages in ${survey.files.length} file(s), ${seconds.toFixed(3)} s`,
          ...topics.map(({ name, type, messages }) => `  ${name} (${type}): ${messages}`),
        ]
      : problems.flatMap(({ problem, fix }) => [problem, `  fix: ${fix}`]);
  return {
    data: { valid: problems.length === 0, messages: survey.messageCount, seconds, topics, problems },
    text: text.join('\n'),
    exitCode: problems.length === 0 ? 0 : EXIT_FAILED,
  };
}
