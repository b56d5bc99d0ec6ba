import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { resumable, startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'rollout',
  summary: 'record rollouts of a scripted or a trained policy as a LeRobotDataset v3.0',
  description:
    'Runs a policy in an environment and writes each episode to a dataset in a new run folder as soon as it has ended: ' +
    'states, actions, rewards, pictures, and beside them the scores and poses that learners do not get to see. A ' +
    'contact sheet beside the dataset shows up to twelve of the episodes in a row each, with policy, score and success. ' +
    '"rapport envs ENV" lists the scripted policies; "mixed" draws another one for each episode.',
  examples: [
    'rapport rollout xmagical/avoid-longstick',
    'rapport rollout xmagical/group-gripper --episodes 5 --policy careful',
    'rapport rollout franka/cup --policy outputs/train-policy/2026-05-04/10-30-00_franka-cup-diffusion',
  ],
  positionals: ['env'],
  heeds: ['seed', 'output', 'resume'],
  options: () =>
    z.object({
      env: z.string().min(1).describe('id of the environment (rapport envs lists them)'),
      episodes: z.int().min(1).max(1_000_000).default(20).describe('episodes to record'),
      policy: z
        .string()
        .min(1)
        .default('mixed')
        .describe('scripted policy that acts, or the folder of a trained or imported one'),
      assets: z
        .string()
        .min(1)
        .optional()
        .describe('folder with an MJCF model of the arm and its meshes, used for its links'),
      picture: z.int().min(0).max(1024).default(96).describe('width and height of the pictures; 0 records none'),
      cameras: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe("cameras to record; by default the environment's first"),
      storage: z
        .enum(['auto', 'video', 'parquet'])
        .default('auto')
        .describe('pictures as MP4 or as PNG in Parquet; auto takes MP4 where ffmpeg is present'),
    }),
  async run(context, { env, episodes, policy, assets, picture, cameras, storage }) {
    const [
      { recordDataset, recordedCameras },
      { checkRolloutDataset, removeUnlessBegun },
      { chooseActor },
      { makeEnv },
    ] = await Promise.all([
      import('../recording.js'),
      import('../rollout-dataset.js'),
      import('../learning/actor.js'),
      import('@rapport/sim'),
    ]);
    const robot = assets === undefined ? {} : { assets };
    // Before a folder is made: an unknown name leaves nothing behind.
    const made = await makeEnv(env, robot);
    made.close();
    const { spec } = made;
    const chosen = cameras === undefined ? { picture } : { picture, cameras };
    const datasetId = identityOf(env, context.config);
    checkRolloutDataset({ id: datasetId, spec, cameras: recordedCameras(spec, chosen) });
    const actor = await chooseActor(spec, policy);
    const run = await startRun(context, env);
    const directory = join(run.directory, 'dataset');
    context.log(`recording to ${directory}`);
    const recording = {
      envId: env,
      policy: actor,
      episodes,
      ...robot,
      ...chosen,
      seed: context.seed,
      datasetId,
      ...(storage !== 'auto' && { storage }),
    };
    try {
      const recorded = await recordDataset(directory, recording, context.work);
      const sheet = await writeContactSheet(directory, join(run.directory, 'contact-sheet.png'));
      return {
        data: { directory, datasetId: recording.datasetId, env, policy, episodes: recorded, ...sheet },
        text: [
          `${recorded} episodes in ${directory}`,
          ...(sheet === undefined ? [] : [`contact sheet: ${sheet.contactSheet}`]),
          `rank them: ${program} rank ${run.directory}`,
        ].join('\n'),
      };
    } catch (error) {
      if (context.resume === undefined) await removeUnlessBegun(run.directory, directory);
      throw resumable(error, context, run.directory);
    }
  },
});

/** Undefined when no pictures were recorded. */
async function writeContactSheet(
  dataset: string,
  file: string,
): Promise<{ readonly contactSheet: string } | undefined> {
  const [{ encodePng, writeDurably }, { contactSheet }] = await Promise.all([
    import('@rapport/data'),
    import('../pictures/contact-sheet.js'),
  ]);
  const sheet = await contactSheet(dataset);
  if (sheet === undefined) return undefined;
  await writeDurably(file, encodePng(sheet));
  return { contactSheet: file };
}

/** The same recording has the same identity in the ledger, wherever and whenever it is made. */
function identityOf(env: string, config: object): string {
  const digest = createHash('sha256').update(JSON.stringify(config)).digest('hex');
  return `${env.replaceAll(/[^A-Za-z0-9._-]+/g, '-')}-${digest.slice(0, 10)}`;
}
