import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { InputError } from '@rapport/core';
import { z } from 'zod';
import { addressToken, pageAddress } from '../page-address.js';
import { startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

/** Width and height of the picture on the page. */
const VIEW = 384;

export default defineVerb({
  name: 'play',
  summary: 'drive an environment by keyboard or gamepad in a browser and record demonstrations',
  description:
    'Serves a page with the environment as its first camera sees it, and prints its address. Keys or a gamepad drive it in ' +
    'real time; an episode begins with the first push. Right arrow (or n) keeps the episode and goes on to the next, ' +
    'left arrow (or r) does it again from the same start, Escape (or q) stops; an episode in progress is dropped then. ' +
    'These keys work in the terminal too. What is kept is stored at once, in a LeRobotDataset that rank and train take.',
  examples: [
    'rapport play xmagical/avoid-longstick',
    'rapport play franka/lift --episodes 5 --port 8080',
    'rapport play franka/cup --cameras front,wrist',
  ],
  positionals: ['env'],
  heeds: ['seed', 'output'],
  options: () =>
    z.object({
      env: z.string().min(1).describe('id of the environment (rapport envs lists them)'),
      episodes: z.int().min(1).max(100_000).default(10).describe('episodes to keep'),
      assets: z
        .string()
        .min(1)
        .optional()
        .describe('folder with an MJCF model of the arm and its meshes, used for its links'),
      picture: z
        .int()
        .min(0)
        .max(1024)
        .default(96)
        .describe('width and height of the recorded pictures; 0 records none'),
      cameras: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe("cameras to record; by default the environment's first, which is the one on the page"),
      ...pageAddress,
    }),
  async run(context, options) {
    const [
      datasets,
      { makeEnv },
      { startPlayPage },
      { episodeSeeds, recordedCameras },
      { playEpisodes },
      { readTerminalKeys },
    ] = await Promise.all([
      import('../rollout-dataset.js'),
      import('@rapport/sim'),
      import('@rapport/viewer'),
      import('../recording.js'),
      import('../play/session.js'),
      import('../play/terminal-keys.js'),
    ]);
    const env = await makeEnv(options.env, options.assets === undefined ? {} : { assets: options.assets });
    try {
      const { spec } = env;
      const camera = spec.cameras[0];
      if (camera === undefined) throw new InputError(`${options.env} draws no pictures: there is nothing to see it by`);
      const { picture, cameras: chosen } = options;
      const cameras = recordedCameras(spec, chosen === undefined ? { picture } : { picture, cameras: chosen });
      datasets.checkRolloutDataset({ id: 'play', spec, cameras });
      const commands: ('save' | 'redo' | 'stop')[] = [];
      const token = addressToken(options.host, options.token);
      const page = await startPlayPage({
        env: spec.id,
        summary: spec.summary,
        entries: spec.actionSpace.entries.map(({ name, unit }) => ({ name, unit })),
        port: options.port,
        host: options.host,
        ...(token !== undefined && { token }),
        onCommand: (command) => commands.push(command),
      });
      try {
        const run = await startRun(context, options.env);
        const directory = join(run.directory, 'dataset');
        const writer = await datasets
          .createRolloutDataset(directory, { id: identityOf(run.directory), spec, cameras })
          .finally(() => datasets.removeUnlessBegun(run.directory, directory));
        context.announce(`drive at ${page.url} (Ctrl+C ends and keeps what was kept)`);
        const leaveTerminal = readTerminalKeys(
          process.stdin,
          (command) => commands.push(command),
          () => process.kill(process.pid, 'SIGINT'),
        );
        const saved = await playEpisodes({
          env,
          page,
          view: { camera, width: VIEW, height: VIEW },
          cameras,
          seeds: episodeSeeds(context.seed, options.episodes),
          takeCommand: () => commands.shift(),
          keep: async (episode) => {
            await writer.append(episode);
          },
          signal: context.signal,
        }).finally(() => {
          leaveTerminal();
          return writer.finalize();
        });
        return {
          data: { directory, env: options.env, episodes: saved },
          text: [
            `${saved} demonstrations in ${directory}`,
            ...(saved === 0 ? [] : [`rank them: ${program} rank ${run.directory}`]),
          ].join('\n'),
        };
      } finally {
        await page.close();
      }
    } finally {
      env.close();
    }
  },
});

/** No two sessions of a person are the same: their folder tells them apart. */
function identityOf(directory: string): string {
  return `play-${createHash('sha256').update(directory).digest('hex').slice(0, 10)}`;
}
