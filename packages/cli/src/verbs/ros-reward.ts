import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '@rapport/core';
import { z } from 'zod';
import { defineVerb } from '../verb.js';

/** The longest time that a timer knows, about 24 days. */
const LONGEST_SECONDS = 2_147_483;

export default defineVerb({
  name: 'ros reward',
  node: true,
  summary: 'tell the learned reward of a running episode, as a ROS 2 node',
  description:
    'Opens the lifecycle node "reward": it encodes pictures of a camera as they come and publishes what the learned reward ' +
    'says of the episode so far, with the transport plan to the closest reference. An episode starts when the simulator ' +
    'resets its scene, or at the service ~/start; it ends with the next one, at ~/finish, or after -p episode_frames:=N ' +
    'pictures. Until then everything is marked as partial. Runs until Ctrl+C. See docs/ros2.md.',
  examples: [
    'rapport ros reward outputs/train-reward/... --ros-args -p use_sim_time:=true',
    'rapport ros reward my-reward --camera wrist --ros-args -r camera/wrist/color/image_raw:=/realsense/color/image_raw',
  ],
  positionals: ['reward'],
  heeds: [],
  options: () =>
    z.object({
      reward: z.string().min(1).describe('folder of the learned reward, or of the run that trained it'),
      camera: z.string().min(1).default('front').describe('camera whose pictures are judged'),
      picture: z
        .int()
        .min(16)
        .max(1024)
        .default(96)
        .describe('width and height of the pictures that the reward was learned from'),
      autostart: z
        .boolean()
        .default(true)
        .describe('go to the state "active" when the camera is there; otherwise a lifecycle manager does it'),
      patience: z.number().min(0).max(600).default(10).describe('seconds to wait for the camera when starting'),
      seconds: z.number().positive().optional().describe('end after so many seconds; by default at Ctrl+C'),
    }),
  async run(context, options) {
    const { openRewardNode } = await import('@rapport/robot');
    const { loadEncoder, loadReward } = await import('@rapport/reward');
    const { featuresOption } = await import('../learning/encoder.js');
    const { readRewardSpec } = await import('../learning/reward-spec.js');
    const { name, spec } = await readRewardSpec(options.reward, options.picture);
    if (spec.kind !== 'learned') {
      throw new InputError(`reward "${name}" is not learned: it judges no pictures`, {
        fix: 'name a folder that train reward wrote',
      });
    }
    const model = await loadReward(spec.directory);
    const encoder = await loadEncoder(spec.encoderKind, featuresOption(spec.encoderFeatures));
    try {
      const { camera, picture, autostart, patience } = options;
      const { rosArguments, signal } = context;
      const reward = await openRewardNode({
        model,
        encoder,
        camera,
        picture,
        rosArguments,
        autostart,
        patience,
        signal,
      });
      try {
        const { node } = reward;
        context.announce(`${node.name} judges camera ${camera} by ${name} and is ${node.state}`);
        await sleep(1000 * (options.seconds ?? LONGEST_SECONDS), undefined, { signal }).catch(() => undefined);
      } finally {
        await reward.close();
      }
      return {
        data: { node: reward.node.name, episodes: reward.episodes },
        text: `${reward.episodes} episodes were judged to their end, and the reward has left the graph`,
      };
    } finally {
      await encoder.close();
    }
  },
});
