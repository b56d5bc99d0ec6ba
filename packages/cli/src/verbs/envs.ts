import { type EnvSpec, InputError, type SpaceEntry } from '@rapport/core';
import type { RgbImage } from '@rapport/data';
import type { MakeOptions } from '@rapport/sim';
import { z } from 'zod';
import { formatNumber, formatTable } from '../output/table.js';
import { type Context, defineVerb, type Outcome } from '../verb.js';

export default defineVerb({
  name: 'envs',
  summary: 'list the environments, and with a name what one observes, does and can be driven by',
  description:
    'Lists every environment that rollout, train and eval take. With an id it prints the entries of its observation ' +
    'and action with their units and bounds, its cameras, and its scripted policies. --sheet writes a picture too: a ' +
    'thumbnail of every environment listed, or with an id a film strip of an episode of its first scripted policy, or of ' +
    'the one that --policy names.',
  examples: [
    'rapport envs',
    'rapport envs xmagical/avoid-longstick',
    'rapport envs --prefix xmagical/ --sheet environments.png',
    'rapport envs franka/cup --sheet inside.png --policy inside',
  ],
  positionals: ['env'],
  heeds: [],
  options: () =>
    z.object({
      env: z.string().optional().describe('id of one environment to describe'),
      prefix: z.string().optional().describe('lists only the environments whose id begins so'),
      assets: z
        .string()
        .min(1)
        .optional()
        .describe('folder with an MJCF model of the arm and its meshes, used for its links'),
      sheet: z.string().optional().describe('PNG file to write pictures to'),
      policy: z
        .string()
        .min(1)
        .optional()
        .describe('with an id: the scripted policy of the film strip, by default the first'),
    }),
  async run(context, { env, prefix, assets, sheet, policy }) {
    if (sheet !== undefined && !/\.png$/i.test(sheet)) {
      throw new InputError(`--sheet is "${sheet}"; expected a file name that ends in .png`);
    }
    if (policy !== undefined && (env === undefined || sheet === undefined)) {
      throw new InputError('--policy needs the id of one environment and --sheet, whose film strip it acts in');
    }
    const robot = assets === undefined ? {} : { assets };
    if (env !== undefined) return describe(env, robot, sheet, policy);
    if (assets !== undefined) throw new InputError('--assets needs the id of one environment');
    return list(context, prefix ?? '', sheet);
  },
});

async function list(context: Context, prefix: string, sheet: string | undefined): Promise<Outcome> {
  const { environments } = await import('@rapport/sim');
  const listed = environments()
    .filter(({ id }) => id.startsWith(prefix))
    .map(({ id, summary }) => ({ id, summary }));
  if (listed.length === 0) {
    throw new InputError(`no environment's id begins with "${prefix}"`, { fix: 'list them with `rapport envs`' });
  }
  if (sheet !== undefined) {
    const { environmentsSheet } = await import('../pictures/environment-sheet.js');
    await writePicture(
      sheet,
      await environmentsSheet(
        listed.map(({ id }) => id),
        context.work,
      ),
    );
  }
  return {
    data: { environments: listed, ...(sheet !== undefined && { sheet }) },
    text: [formatTable(['id', 'summary'], listed.map(Object.values)), ...written(sheet)].join('\n'),
  };
}

async function describe(
  id: string,
  robot: MakeOptions,
  sheet: string | undefined,
  policy: string | undefined,
): Promise<Outcome> {
  const { makeEnv, scriptedPolicies } = await import('@rapport/sim');
  const env = await makeEnv(id, robot);
  const { spec } = env;
  env.close();
  const policies = scriptedPolicies(id).map(({ name, summary }) => ({ name, summary }));
  if (sheet !== undefined) {
    const { episodeSheet } = await import('../pictures/environment-sheet.js');
    await writePicture(sheet, await episodeSheet(id, { ...robot, ...(policy !== undefined && { policy }) }));
  }
  return {
    data: { ...spec, policies, ...(sheet !== undefined && { sheet }) },
    text: [
      `${spec.id}: ${spec.summary}`,
      `${spec.controlHz} steps a second, at most ${spec.maxEpisodeSteps} steps; cameras: ${spec.cameras.join(', ')}`,
      '',
      formatTable(['space', 'entry', 'unit', 'low', 'high'], spaceRows(spec)),
      '',
      formatTable(['policy', 'does'], policies.map(Object.values)),
      ...written(sheet),
    ].join('\n'),
  };
}

function spaceRows({ observationSpace, actionSpace, pictureObservation: picture }: EnvSpec): string[][] {
  const row = (space: string) => (entry: SpaceEntry) => [
    space,
    entry.name,
    entry.unit,
    formatNumber(entry.low),
    formatNumber(entry.high),
  ];
  return [
    ...(picture === undefined
      ? []
      : [['observation', `picture ${picture.width}x${picture.height} RGB`, '1', '0', '255']]),
    ...observationSpace.entries.map(row('observation')),
    ...actionSpace.entries.map(row('action')),
  ];
}

async function writePicture(file: string, picture: RgbImage): Promise<void> {
  const { encodePng, writeDurably } = await import('@rapport/data');
  await writeDurably(file, encodePng(picture));
}

function written(sheet: string | undefined): string[] {
  return sheet === undefined ? [] : ['', `pictures: ${sheet}`];
}
