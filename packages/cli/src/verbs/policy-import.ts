import { basename, join } from 'node:path';
import { checkPolicyFits, type PolicySignature } from '@rapport/core';
import { z } from 'zod';
import { pairsOf } from '../learning/given-options.js';
import { formatTable } from '../output/table.js';
import { startRun } from '../run-folder.js';
import { type Context, defineVerb, type Outcome } from '../verb.js';
import { program } from '../version.js';

const optionsSchema = z.object({
  checkpoint: z.string().min(1).describe('folder of the checkpoint, or a .ckpt or .onnx file'),
  name: z.string().min(1).optional().describe('what the policy is called in reports'),
  state: z
    .int()
    .min(1)
    .optional()
    .describe('for a .ckpt: how many of the observed numbers are the state of the robot (the rest is the environment)'),
  env: z.string().min(1).optional().describe('environment that the policy was trained in (rapport envs lists them)'),
  cameras: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'for a checkpoint with pictures: FEATURE=CAMERA where a feature (observation.image) does not name its camera',
    ),
  inputs: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'for an .onnx: what each input is fed, NAME=SOURCE with the sources state, state[FROM:TO], camera:NAME and noise',
    ),
  action: z.string().min(1).optional().describe('for an .onnx: the output that holds actions; by default the only one'),
  observationSteps: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe("for an .onnx: observations that it sees; by default what its inputs' shapes say, else 1"),
  firstAction: z
    .int()
    .min(0)
    .default(0)
    .describe('for an .onnx that gives a chunk of actions: the number of the one for the present step'),
  actionSteps: z
    .int()
    .min(1)
    .optional()
    .describe('for an .onnx that gives a chunk: actions that are executed before it runs again; by default all'),
  normalization: z
    .string()
    .min(1)
    .optional()
    .describe('for an .onnx: JSON file with {"mean", "std"} or {"min", "max"} by name of an input or the output'),
});
type ImportOptions = z.output<typeof optionsSchema>;

export default defineVerb({
  name: 'policy import',
  summary: 'take over a diffusion policy of LeRobot or diffusion_policy, or any policy exported to ONNX',
  description:
    'Reads a LeRobot checkpoint (config.json, model.safetensors and the processor files; statistics beside the weights, as ' +
    'before version 0.4, too) or a .ckpt of a low-dimensional U-Net policy of real-stanford/diffusion_policy, checks every ' +
    'tensor against the settings, and keeps the policy in a new folder below outputs/. Pickles are read as data; nothing ' +
    'in them is ever executed. Of an .onnx file it checks names, types and shapes of what --inputs and --action name; where ' +
    'the output is a chunk of actions, --actionSteps of them are executed before the model runs again.',
  examples: [
    'rapport policy import checkpoints/last/pretrained_model --env franka/lift',
    'rapport policy import epoch=0300.ckpt --state 6 --name pusht',
    'rapport policy import policy.onnx --inputs obs=state,image=camera:front --action action --actionSteps 8',
  ],
  positionals: ['checkpoint'],
  heeds: ['output'],
  options: () => optionsSchema,
  async run(context, options) {
    return options.checkpoint.endsWith('.onnx') ? importOnnx(context, options) : importDiffusion(context, options);
  },
});

async function importDiffusion(context: Context, options: ImportOptions): Promise<Outcome> {
  const { diffusionShapes, diffusionSignature, readDiffusionCheckpoint, readStanfordCheckpoint, saveDiffusionPolicy } =
    await import('@rapport/policy');
  const checkpoint = options.checkpoint.endsWith('.ckpt')
    ? await readStanfordCheckpoint(options.checkpoint, options.state)
    : await readDiffusionCheckpoint(options.checkpoint);
  const name = options.name ?? basename(options.checkpoint).replace(/\.ckpt$/, '');
  const cameras = options.cameras && pairsOf('cameras', options.cameras);
  await checkEnvironment(options.env, { name, signature: diffusionSignature(checkpoint.config, cameras) });
  const run = await startRun(context, name);
  const policy = join(run.directory, 'policy');
  const { env } = options;
  await saveDiffusionPolicy(policy, {
    name,
    checkpoint,
    ...(env !== undefined && { envId: env }),
    ...(cameras && { cameras }),
  });
  const { config, parameters } = checkpoint;
  const { cameras: pictures, stateSize, environmentSize, actionSize } = diffusionShapes(config);
  const numbers = Object.values(parameters).reduce((sum, { data }) => sum + data.length, 0);
  const steps = config.numInferenceSteps ?? config.numTrainTimesteps;
  const rows = [
    ['state', String(stateSize)],
    ['environment state', String(environmentSize)],
    ['cameras', pictures.map(({ feature, height, width }) => `${feature} ${width}x${height}`).join(', ') || 'none'],
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
}

async function importOnnx(context: Context, options: ImportOptions): Promise<Outcome> {
  const [{ readOnnxImport }, { saveOnnxPolicy }] = await Promise.all([
    import('../learning/onnx-import.js'),
    import('@rapport/policy'),
  ]);
  const { bytes, card, binding } = await readOnnxImport(options.checkpoint, options);
  await checkEnvironment(options.env, { name: card.name, signature: binding.signature });
  const run = await startRun(context, card.name);
  const policy = join(run.directory, 'policy');
  await saveOnnxPolicy(policy, bytes, card, options.checkpoint);
  const { signature, observationSteps, firstAction, actionSteps } = binding;
  const cameras = signature.cameras.map(({ camera, width, height }) => `${camera} ${width}x${height}`);
  const rows = [
    ['observed numbers', String(signature.observationSize ?? 'none')],
    ['cameras', cameras.join(', ') || 'none'],
    ['observation steps', String(observationSteps)],
    ['action', String(signature.actionSize)],
    ['executed', `${actionSteps} from number ${firstAction} of a chunk on`],
    ['normalised', Object.keys(card.normalization).join(', ') || 'nothing'],
  ];
  return {
    data: { policy, name: card.name, card, signature },
    text: [
      formatTable([card.name, ''], rows),
      '',
      `policy: ${policy}`,
      `try it: ${program} eval ${run.directory}${card.envId === undefined ? ' --env ID' : ''}`,
    ].join('\n'),
  };
}

/**
 * Before a folder is made: holds the policy against the environment that was named.
 * @throws InputError when there is no such environment, or the policy does not fit it
 */
async function checkEnvironment(
  envId: string | undefined,
  policy: { readonly name: string; readonly signature: PolicySignature },
): Promise<void> {
  if (envId === undefined) return;
  const { makeEnv } = await import('@rapport/sim');
  const env = await makeEnv(envId);
  env.close();
  checkPolicyFits(policy, env.spec);
}
