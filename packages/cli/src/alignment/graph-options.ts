import { z } from 'zod';
import { withDefault } from '../config/with-default.js';
import { alignOptionsSchema } from './options.js';

const { shape } = alignOptionsSchema;

/** Options of `rapport ros align`: those of `align`, with numbers for rollouts that take real time. */
export const graphAlignOptionsSchema = alignOptionsSchema.omit({ monitorEpisodes: true, contactLimits: true }).extend({
  limits: z
    .string()
    .min(1)
    .describe('limits file of the safety envelope, or one that ships: panda, fr3, panda-full, fr3-full'),
  patience: z.number().min(0).max(600).default(20).describe('seconds to wait for what the graph has to offer'),
  rollouts: withDefault(shape.rollouts, 48),
  queries: withDefault(shape.queries, 20),
  evaluationEpisodes: withDefault(shape.evaluationEpisodes, 12),
  withoutGraph: z
    .boolean()
    .default(false)
    .describe(
      'judge the policies on the same starts in simulation too, without the graph, with the same contact limits',
    ),
});
