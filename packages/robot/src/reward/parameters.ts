import type { ParameterDefinitions } from '../graph/parameters.js';

/** Parameters of the reward node. Topics are remapped as usual: `-r camera/front/color/image_raw:=/other`. */
export const rewardParameters = {
  frame_rate: {
    type: 'double',
    value: 10,
    low: 0.1,
    high: 60,
    readOnly: true,
    description: 'Pictures per second that are judged: that of the videos from which the reward was learned.',
  },
  episode_frames: {
    type: 'integer',
    value: 0,
    low: 0,
    high: 100_000,
    readOnly: true,
    description:
      'An episode is complete after so many pictures; 0: when the next one starts, or at the service finish.',
  },
} as const satisfies ParameterDefinitions;
