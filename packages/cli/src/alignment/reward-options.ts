import { z } from 'zod';
import { encoderOptionsSchema } from '../learning/encoder.js';

/** Options of rewards that are learned from rankings of rollouts and rank all of them. */
export const rewardOptionsShape = {
  rewardCameras: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe('cameras that the reward looks through; left out: the wrist, or the first one where there is none'),
  frameStride: z.int().min(1).max(100).default(3).describe('every how many steps the reward looks at a picture'),
  encoder: encoderOptionsSchema.prefault({}),
  rewardMembers: z
    .int()
    .min(1)
    .max(100)
    .default(5)
    .describe('rewards learned from the same rankings, with other weights and splits at the start; their mean ranks'),
  leastGap: z
    .number()
    .min(0)
    .max(10)
    .default(1)
    .describe('rollouts of a start whose learned returns are nearer than this many standard deviations share a place'),
};
