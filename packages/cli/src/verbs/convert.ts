import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { UsageError } from '../config/usage-error.js';
import { datasetFolder } from '../dataset-folder.js';
import { type Context, defineVerb, type Outcome } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'convert',
  summary: 'resample a bag to a LeRobotDataset v3.0, or write a dataset as a bag',
  description:
    'A rosbag2 folder or a bare .mcap file becomes a dataset, a dataset becomes a rosbag2 folder (MCAP); which of them, ' +
    'the source tells. Bags need no index and no metadata.yaml, and one that ends too early is taken as far as it goes. ' +
    'A mapping file says which fields of which topics are observations, actions and pictures, by which rule they are ' +
    'sampled and how episodes are told apart; without one, the topics of franka_ros2, CRISP and Rapport are found by ' +
    'name and type. The result appears whole or not at all. docs/bags.md has the rules and an example.',
  examples: [
    'rapport convert recordings/cup datasets/cup --task "pick up the cup" --episodes gap',
    'rapport convert recordings/cup datasets/cup --mapping cup.yaml',
    'rapport convert datasets/cup recordings/cup-again',
  ],
  positionals: ['from', 'to'],
  heeds: [],
  options: () =>
    z.object({
      from: z.string().min(1).describe('bag, .mcap file, or folder of a dataset or of the run that recorded it'),
      to: z.string().min(1).describe('folder that is made; it must not exist'),
      mapping: z
        .string()
        .min(1)
        .optional()
        .describe('YAML or JSON file that maps topics to columns; the options below are part of it then'),
      fps: z.int().min(1).max(1000).default(10).describe('steps per second of the dataset'),
      task: z.string().min(1).default('recorded').describe('what the robot is asked to do, in words'),
      episodes: z
        .enum(['auto', 'bag', 'marker', 'gap'])
        .default('auto')
        .describe(
          'an episode is the whole bag, what a marker topic says, or ends at a gap; auto: marker where there is one',
        ),
      marker: z
        .string()
        .min(1)
        .default('/rapport/episode')
        .describe('marker topic: std_msgs/Bool (true to false), or std_msgs/String (a task to an empty text)'),
      gap: z.number().positive().default(1).describe('seconds of silence of an observed topic that end an episode'),
      clock: z
        .enum(['header', 'log', 'publish'])
        .default('header')
        .describe("the sensor's stamp in the message, the recorder's, or the sender's"),
      picture: z.int().min(0).max(1024).default(96).describe('width and height of the pictures; 0 takes none'),
    }),
  async run(context, options) {
    const { isBag } = await import('@rapport/data');
    const directory = datasetFolder(options.from);
    if (existsSync(join(directory, 'meta'))) return toBag(directory, options.to, context);
    if (await isBag(options.from)) return toDataset(options, context);
    throw new UsageError(`${options.from} is neither a bag nor a dataset`, {
      fix: 'name a rosbag2 folder, a .mcap file, or a folder with meta/info.json',
    });
  },
});

interface ToDatasetOptions {
  readonly from: string;
  readonly to: string;
  readonly mapping?: string | undefined;
  readonly fps: number;
  readonly task: string;
  readonly episodes: 'auto' | 'bag' | 'marker' | 'gap';
  readonly marker: string;
  readonly gap: number;
  readonly clock: 'header' | 'log' | 'publish';
  readonly picture: number;
}

async function toDataset(options: ToDatasetOptions, context: Context): Promise<Outcome> {
  const { bagToDataset, readMapping } = await import('@rapport/data');
  const { fps, task, clock, picture, marker, gap } = options;
  const boundaries = {
    auto: {},
    bag: { episodes: { by: 'bag' } },
    marker: { episodes: { by: 'marker', topic: marker } },
    gap: { episodes: { by: 'gap', seconds: gap } },
  } as const;
  const mapping =
    options.mapping === undefined
      ? { fps, task, clock, picture, ...boundaries[options.episodes] }
      : await readMapping(options.mapping);
  const made = await bagToDataset(options.from, options.to, { mapping, ...context.work });
  const sources = (list: typeof made.mapping.observation) =>
    list.map(({ topic, fields, rule }) => `${topic} (${fields.length}, ${rule})`).join(', ');
  const cameras = made.mapping.cameras.map(({ topic, name, rule }) => `${name} from ${topic} (${rule})`);
  return {
    data: made,
    text: [
      ...made.skipped.map((line) => `left out: ${line}`),
      `${made.episodes} episodes, ${made.frames} frames at ${made.mapping.fps} Hz in ${made.output}`,
      `observed: ${sources(made.mapping.observation)}`,
      `actions: ${sources(made.mapping.action)}`,
      `pictures: ${cameras.join(', ') || 'none'}`,
      `check it: ${program} validate ${made.output}`,
    ].join('\n'),
  };
}

async function toBag(from: string, to: string, { work }: Context): Promise<Outcome> {
  const { datasetToBag } = await import('@rapport/data');
  const made = await datasetToBag(from, to, work);
  return {
    data: made,
    text: [
      `${made.messages} messages in ${made.output}`,
      ...made.topics.map(({ name, type, messages }) => `  ${name} (${type}): ${messages}`),
      `check it: ${program} validate ${made.output}`,
    ].join('\n'),
  };
}
