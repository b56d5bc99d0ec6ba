import { basename, join } from 'node:path';
import { z } from 'zod';
import { formatTable } from '../output/table.js';
import { startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';
import { program } from '../version.js';

export default defineVerb({
  name: 'policy import',
  summary: 'take over a diffusion policy that LeRobot trained, or a low-dimensional one of diffusion_policy',
  description:
    'Reads a LeRobot checkpoint (config.json, model.safetensors and the processor files; statistics beside the weights, as ' +
    'before version 0.4, too) or a .ckpt of a low-dimensional U-Net policy of real-stanford/diffusion_policy, checks every ' +
    'tensor against the settings, and keeps the policy in a new folder below outputs/. Pickles are read as data; nothing ' +
    'in them is ever executed.',
  examples: [
    'rapport policy import checkpoints/last/pretrained_model',
    'rapport policy import epoch=0300.ckpt --state 6 --name pusht',
  ],
  positionals: ['checkpoint'],
  heeds: ['output'],
  options: () =>
    z.object({
      checkpoint: z.string().min(1).describe('folder of the checkpoint, or a .ckpt file'),
      name: z.string().min(1).optional().describe('what the policy is called in reports'),
      state: z
        .int()
        .min(1)
        .optional()
        .describe(
          'for a .ckpt: how many of the observed numbers are the state of the robot (the rest is the environment)',
        ),
    }),
  async run(context, options) {
    const { diffusionShapes, readDiffusionCheckpoint, readStanfordCheckpoint, saveDiffusionPolicy } = await import(
      '@rapport/policy'
    );
    const checkpoint = options.checkpoint.endsWith('.ckpt')
      ? await readStanfordCheckpoint(options.checkpoint, options.state)
      : await readDiffusionCheckpoint(options.checkpoint);
    const name = options.name ?? basename(options.checkpoint).replace(/\.ckpt$/, '');
    const run = await startRun(context, name);
    const policy = join(run.directory, 'policy');
    await saveDiffusionPolicy(policy, { name, checkpoint });
    const { config, parameters } = checkpoint;
    const { cameras, stateSize, environmentSize, actionSize } = diffusionShapes(config);
    const numbers = Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);
    const steps = config.numInferenceSteps ?? config.numTrainTimesteps;
    const rows = [
      ['state', String(stateSize)],
      ['environment state', String(environmentSize)],
      ['cameras', cameras.map(({ feature, height, width }) => `${feature} ${width}x${height}`).join(', ') || 'none'],
      ['action', String(actionSize)],
      ['chunk', `${config.horizon} actions, ${config.nActionSteps} of them executed`],
      ['sampling', `${config.noiseSchedulerType}, ${steps} steps`],
      ['tensors', `${Object.keys(parameters).length}, ${numbers} numbers`],
    ];
    return {
      data: { policy, name, config, tensors: Object.keys(parameters).length, numbers },
      text: [
        formatTable([name, ''], rows),
        '',
        `policy: ${policy}`,
        `hand it back: ${program} policy export ${run.directory} DIR`,
      ].join('\n'),
    };
  },
});
