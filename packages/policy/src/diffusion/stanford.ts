import { readFile } from 'node:fs/promises';
import { CorruptDataError, InputError, UnavailableError } from '@rapport/core';
import { readTorchWorkspace } from '@rapport/data';
import type { ParameterValues, TensorValue } from '@rapport/nn';
import { z } from 'zod';
import { checkCheckpoint, type DiffusionCheckpoint } from './checkpoint.js';
import {
  ACTION_FEATURE,
  type DiffusionConfig,
  diffusionConfigSchema,
  ENVIRONMENT_FEATURE,
  STATE_FEATURE,
  usualDiffusionSettings,
} from './config.js';
import { parseWith } from './json.js';
import type { FeatureStatistics, Statistics } from './normalization.js';

const UNET = 'diffusion_policy.model.diffusion.conditional_unet1d.ConditionalUnet1D';
const POLICY = 'diffusion_policy.policy.diffusion_unet_lowdim_policy.DiffusionUnetLowdimPolicy';
const CONVERT =
  'convert it where it was made: save the tensors of ema_model with safetensors.torch.save_file and write a config.json';

/** The settings of a low-dimensional U-Net policy, references resolved. */
const policySchema = z.object({
  _target_: z.literal(POLICY),
  model: z.object({
    _target_: z.literal(UNET),
    local_cond_dim: z.null(),
    diffusion_step_embed_dim: z.int(),
    down_dims: z.array(z.int()),
    kernel_size: z.int(),
    n_groups: z.int(),
    cond_predict_scale: z.boolean(),
  }),
  noise_scheduler: z.object({
    _target_: z.string().regex(/\.(DDPM|DDIM)Scheduler$/, 'expected the DDPM or the DDIM scheduler'),
    num_train_timesteps: z.int(),
    beta_start: z.number(),
    beta_end: z.number(),
    beta_schedule: z.string(),
    variance_type: z.literal('fixed_small').default('fixed_small'),
    clip_sample: z.boolean(),
    prediction_type: z.string(),
    set_alpha_to_one: z.literal(true).default(true),
    steps_offset: z.literal(0).default(0),
  }),
  horizon: z.int(),
  obs_dim: z.int(),
  action_dim: z.int(),
  n_action_steps: z.int(),
  n_obs_steps: z.int(),
  num_inference_steps: z.int(),
  obs_as_global_cond: z.literal(true),
  obs_as_local_cond: z.literal(false).default(false),
  pred_action_steps_only: z.literal(false),
  oa_step_convention: z.literal(true),
});

/**
 * Reads a `.ckpt` of a low-dimensional U-Net policy of real-stanford/diffusion_policy as data; nothing in it is executed.
 * The averaged weights are taken where there are any. Its one flat observation becomes LeRobot's two: the state of the
 * robot, then that of the environment.
 * @param stateSize how many of the observed numbers are the robot's state
 * @throws InputError when the file is of another kind of policy, or `stateSize` is not given
 * @throws CorruptDataError naming what the file holds that was not expected
 */
export async function readStanfordCheckpoint(path: string, stateSize?: number): Promise<DiffusionCheckpoint> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new UnavailableError(`${path} could not be read: ${cause.message}`, { fix: 'check the path', cause });
  });
  const workspace = readTorchWorkspace(bytes, path);
  const kind = z.object({ _target_: z.string() }).safeParse(workspace.config.policy).data?._target_;
  if (kind !== POLICY) {
    throw new InputError(`${path} holds a policy of class ${kind ?? 'unknown'}; expected ${POLICY}`, { fix: CONVERT });
  }
  const settings = parseWith(policySchema, resolved(workspace.config.policy, workspace.config, path), path);
  const observed = settings.obs_dim;
  if (stateSize === undefined || stateSize >= observed) {
    throw new InputError(
      `${path} observes ${observed} numbers; expected to be told how many are the robot's state, from 1 to ${observed - 1}`,
      { fix: 'say so with --state N; the others become the state of the environment' },
    );
  }
  const stateName = workspace.stateNames.includes('ema_model') ? 'ema_model' : 'model';
  const parameters: Record<string, TensorValue> = {};
  const normalizer: Record<string, Float32Array> = {};
  for (const [name, tensor] of workspace.tensors(stateName)) {
    const statistic = /^normalizer\.params_dict\.(.+)$/.exec(name)?.[1];
    if (statistic !== undefined) normalizer[statistic] = tensor.data;
    // An empty parameter by which that code finds the device.
    else if (!name.endsWith('_dummy_variable')) parameters[lerobotName(name)] = tensor;
  }
  const checkpoint = {
    config: configOf(settings, stateSize, path),
    statistics: statisticsOf(normalizer, stateSize, path),
    parameters: parameters satisfies ParameterValues,
  };
  checkCheckpoint(checkpoint, path);
  return checkpoint;
}

/** The same function under LeRobot's names. */
function lerobotName(name: string): string {
  return name
    .replace(/^model\./, 'diffusion.unet.')
    .replace('.blocks.0.block.', '.conv1.block.')
    .replace('.blocks.1.block.', '.conv2.block.')
    .replace(/((?:down|up)_modules\.\d+\.2)\.conv\./, '$1.');
}

function configOf(settings: z.infer<typeof policySchema>, stateSize: number, path: string): DiffusionConfig {
  const { model, noise_scheduler: scheduler } = settings;
  return parseWith(
    diffusionConfigSchema,
    {
      ...usualDiffusionSettings,
      nObsSteps: settings.n_obs_steps,
      inputFeatures: {
        [STATE_FEATURE]: { type: 'STATE', shape: [stateSize] },
        [ENVIRONMENT_FEATURE]: { type: 'ENV', shape: [settings.obs_dim - stateSize] },
      },
      outputFeatures: { [ACTION_FEATURE]: { type: 'ACTION', shape: [settings.action_dim] } },
      normalizationMapping: { STATE: 'MIN_MAX', ENV: 'MIN_MAX', ACTION: 'MIN_MAX' },
      horizon: settings.horizon,
      nActionSteps: settings.n_action_steps,
      dropNLastFrames: 7,
      downDims: model.down_dims,
      kernelSize: model.kernel_size,
      nGroups: model.n_groups,
      diffusionStepEmbedDim: model.diffusion_step_embed_dim,
      useFilmScaleModulation: model.cond_predict_scale,
      noiseSchedulerType: scheduler._target_.endsWith('DDIMScheduler') ? 'DDIM' : 'DDPM',
      numTrainTimesteps: scheduler.num_train_timesteps,
      betaSchedule: scheduler.beta_schedule,
      betaStart: scheduler.beta_start,
      betaEnd: scheduler.beta_end,
      predictionType: scheduler.prediction_type,
      clipSample: scheduler.clip_sample,
      numInferenceSteps: settings.num_inference_steps,
      optimizerLr: 1e-4,
      schedulerWarmupSteps: 500,
    },
    path,
  );
}

/**
 * That code normalises by y = x scale + offset; the limits -1 and 1 of y give a range of x for MIN_MAX that does exactly
 * the same.
 */
function statisticsOf(normalizer: Readonly<Record<string, Float32Array>>, stateSize: number, path: string): Statistics {
  const range = (key: string): { min: Float32Array; max: Float32Array } => {
    const scale = normalizer[`${key}.scale`];
    const offset = normalizer[`${key}.offset`];
    if (scale === undefined || offset === undefined || scale.length !== offset.length) {
      throw new CorruptDataError(`${path}: tensors "normalizer.params_dict.${key}.scale" and ".offset" do not fit`);
    }
    const limit = (y: number) => scale.map((value, channel) => (y - offset[channel]!) / value);
    return { min: limit(-1), max: limit(1) };
  };
  const part = ({ min, max }: ReturnType<typeof range>, start: number, end?: number): FeatureStatistics => ({
    min: min.slice(start, end),
    max: max.slice(start, end),
  });
  const observed = range('obs');
  return {
    [STATE_FEATURE]: part(observed, 0, stateSize),
    [ENVIRONMENT_FEATURE]: part(observed, stateSize),
    [ACTION_FEATURE]: range('action'),
  };
}

/**
 * Settings with their references filled in: `${name}` of the whole file, and the sums and products of two whole numbers
 * that the shipped settings write as `${eval:'...'}`. No text is evaluated.
 */
function resolved(value: unknown, all: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Array.isArray(value)) return value.map((one) => resolved(one, all, path));
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolved(one, all, path)]));
  }
  if (typeof value !== 'string' || !value.includes('${')) return value;
  const name = /^\$\{([A-Za-z_]+)\}$/.exec(value)?.[1];
  if (name !== undefined && Object.hasOwn(all, name)) return all[name];
  const terms = /^\$\{eval:'\$\{([A-Za-z_]+)\} *([+*]) *\$\{([A-Za-z_]+)\}'\}$/.exec(value);
  const [left, right] = [all[terms?.[1] ?? ''], all[terms?.[3] ?? '']];
  if (typeof left === 'number' && typeof right === 'number') return terms?.[2] === '+' ? left + right : left * right;
  throw new InputError(`${path} has the setting "${value}"; expected a reference, or a sum or product of two`, {
    fix: CONVERT,
  });
}
