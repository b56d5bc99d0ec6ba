import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import { writeFolder } from '@rapport/data';
import { decodeTensors, encodeTensors, type ParameterValues, type TensorValue } from '@rapport/nn';
import { COUNTER, checkCheckpoint, type DiffusionCheckpoint } from './checkpoint.js';
import type { DiffusionConfig } from './config.js';
import { parseJson, readBytes } from './json.js';
import { formatLerobotConfig, parseLerobotConfig } from './lerobot-config.js';
import { formatProcessors, PREPROCESSOR_FILE, readProcessors } from './lerobot-processors.js';
import type { Statistics } from './normalization.js';

const CONFIG_FILE = 'config.json';
const WEIGHTS_FILE = 'model.safetensors';

/** How files of pickled objects are called; reading them would mean to run them. */
const PICKLE = /\.(bin|pt|pth|pkl|ckpt)$/;

/**
 * Reads a diffusion policy that LeRobot saved: `config.json`, `model.safetensors` and, since version 0.4, processor files
 * with the statistics; before that the statistics lie beside the weights. A folder that holds `pretrained_model` is read
 * through it.
 * @throws InputError when the folder holds no policy, or one of another type
 * @throws CorruptDataError naming file, tensor or field, what was found and what was expected
 */
export async function readDiffusionCheckpoint(path: string): Promise<DiffusionCheckpoint> {
  const inner = join(path, 'pretrained_model');
  const directory = existsSync(join(inner, CONFIG_FILE)) ? inner : path;
  const configPath = join(directory, CONFIG_FILE);
  const weightsPath = join(directory, WEIGHTS_FILE);
  if (!existsSync(configPath)) {
    throw new InputError(`${directory} holds no LeRobot policy: it has no ${CONFIG_FILE}`, {
      fix: 'give the folder with config.json and model.safetensors, normally called pretrained_model',
    });
  }
  const configBytes = await readBytes(configPath);
  const config = parseLerobotConfig(parseJson(configBytes.toString('utf8'), configPath), configPath);
  if (!existsSync(weightsPath)) await refuseWithoutWeights(directory);
  const { tensors } = decodeTensors(await readBytes(weightsPath), weightsPath);
  const hasProcessors = existsSync(join(directory, PREPROCESSOR_FILE));
  const { parameters, statistics: stored } = splitTensors(tensors, config);
  const processors = hasProcessors ? await readProcessors(directory, config) : undefined;
  const checkpoint: DiffusionCheckpoint = {
    config,
    parameters,
    statistics: processors?.statistics ?? stored,
    ...(processors && { files: { [CONFIG_FILE]: configBytes, ...processors.files } }),
  };
  try {
    checkCheckpoint(checkpoint, weightsPath);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CorruptDataError(`${directory}: ${error.message}`, { cause: error });
  }
  return checkpoint;
}

async function refuseWithoutWeights(directory: string): Promise<never> {
  const pickle = (await readdir(directory)).find((name) => PICKLE.test(name));
  if (pickle !== undefined) {
    throw new InputError(`${join(directory, pickle)} is a pickle, which is never executed; expected ${WEIGHTS_FILE}`, {
      fix: 'save the state dict with safetensors.torch.save_file where the file was made',
    });
  }
  throw new InputError(`${directory} has no ${WEIGHTS_FILE}`, { fix: 'give a complete checkpoint' });
}

/** What LeRobot up to 0.3.3 calls its normalisers within the weights. */
const NORMALIZER = /^(?:normalize_inputs|normalize_targets|unnormalize_outputs)\.(?:.*\.)?buffer_(.+)\.([^.]+)$/;

/**
 * Parts weights from the statistics that older versions store beside them, and takes out the mark that compiled models
 * leave in names. Buffers are named after features with every dot turned into an underscore, so that their features are
 * found among the policy's own.
 */
function splitTensors(
  tensors: ParameterValues,
  { inputFeatures, outputFeatures }: DiffusionConfig,
): { parameters: ParameterValues; statistics: Statistics } {
  const features = Object.keys({ ...inputFeatures, ...outputFeatures });
  const parameters: [string, TensorValue][] = [];
  const statistics: Record<string, Record<string, Float32Array>> = {};
  for (const [name, value] of Object.entries(tensors)) {
    const [, buffer, statistic] = NORMALIZER.exec(name) ?? [];
    const feature = features.find((one) => one.replaceAll('.', '_') === buffer);
    if (feature === undefined || statistic === undefined) {
      parameters.push([name.replace('._orig_mod.', '.'), value]);
      continue;
    }
    statistics[feature] ??= {};
    statistics[feature][statistic] = value.data;
  }
  return { parameters: Object.fromEntries(parameters), statistics };
}

/** The files of a checkpoint by name. LeRobot 0.6 loads them when the denoiser is a U-Net. */
export function diffusionFiles(checkpoint: DiffusionCheckpoint): Record<string, string | Uint8Array> {
  const { config, statistics, parameters, files } = checkpoint;
  const counters = new Set(Object.keys(parameters).filter((name) => name.endsWith(COUNTER)));
  return {
    ...(files ?? { [CONFIG_FILE]: formatLerobotConfig(config), ...formatProcessors(config, statistics) }),
    [WEIGHTS_FILE]: encodeTensors(parameters, {}, counters),
  };
}

/**
 * Writes a checkpoint that LeRobot 0.6 loads. The folder appears whole or not at all.
 * @throws InputError when the policy has a transformer, which LeRobot's diffusion policy has not
 * @throws CorruptDataError when tensors and settings do not fit each other
 */
export async function writeDiffusionCheckpoint(directory: string, checkpoint: DiffusionCheckpoint): Promise<void> {
  const { backbone } = checkpoint.config;
  if (backbone !== 'unet') {
    throw new InputError(`the policy's backbone is "${backbone}"; expected "unet", the only one that LeRobot knows`, {
      fix: 'train a policy with a U-Net to hand it to LeRobot',
    });
  }
  checkCheckpoint(checkpoint, directory);
  await writeFolder(directory, diffusionFiles(checkpoint));
}
