import { basename, join } from 'node:path';
import { CorruptDataError } from '@rapport/core';
import { decodeTensors, encodeTensors, type ParameterValues } from '@rapport/nn';
import { z } from 'zod';
import { ACTION_FEATURE, type DiffusionConfig } from './config.js';
import { parseJson, parseWith, readBytes } from './json.js';
import type { FeatureStatistics, Statistics } from './normalization.js';

/** LeRobot's file of the steps before the policy, and of those after it. */
export const PREPROCESSOR_FILE = 'policy_preprocessor.json';
export const POSTPROCESSOR_FILE = 'policy_postprocessor.json';

const pipelineSchema = z.object({
  steps: z.array(
    z.object({
      registry_name: z.string(),
      config: z.record(z.string(), z.unknown()).default({}),
      state_file: z.string().optional(),
    }),
  ),
});

/** What a pipeline of processing steps says about normalisation. */
interface Pipeline {
  readonly statistics: Statistics;
  readonly mapping: DiffusionConfig['normalizationMapping'];
  /** The files as read, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Steps that change no number of a state or picture. */
const NEUTRAL_STEPS = ['to_batch_processor', 'device_processor'];

/**
 * Reads the statistics beside a checkpoint.
 * @throws CorruptDataError when a file is damaged, when a step is unknown, or when the two pipelines disagree
 */
export async function readProcessors(
  directory: string,
  config: DiffusionConfig,
): Promise<{ readonly statistics: Statistics; readonly files: Readonly<Record<string, Uint8Array>> }> {
  const before = await readPipeline(directory, PREPROCESSOR_FILE, 'normalizer_processor');
  const after = await readPipeline(directory, POSTPROCESSOR_FILE, 'unnormalizer_processor');
  for (const [file, { mapping }] of [[PREPROCESSOR_FILE, before] as const, [POSTPROCESSOR_FILE, after] as const]) {
    for (const type of new Set([...Object.keys(mapping), ...Object.keys(config.normalizationMapping)])) {
      const [found, expected] = [mapping, config.normalizationMapping].map((one) => one[type as 'STATE'] ?? 'IDENTITY');
      if (found !== expected) {
        throw new CorruptDataError(
          `${join(directory, file)} normalises ${type} by ${found}; expected ${expected} as in config.json`,
        );
      }
    }
  }
  const [given, taken] = [before.statistics[ACTION_FEATURE] ?? {}, after.statistics[ACTION_FEATURE] ?? {}];
  for (const [name, values] of Object.entries(taken)) {
    if (given[name]?.some((value, index) => value !== values[index])) {
      throw new CorruptDataError(
        `${join(directory, POSTPROCESSOR_FILE)}: statistic "${ACTION_FEATURE}.${name}" is ${values}; expected ${given[name]} as before the policy`,
      );
    }
  }
  return {
    statistics: { ...before.statistics, [ACTION_FEATURE]: { ...given, ...taken } },
    files: { ...before.files, ...after.files },
  };
}

async function readPipeline(directory: string, name: string, normalizer: string): Promise<Pipeline> {
  const path = join(directory, name);
  const bytes = await readBytes(path);
  const { steps } = parseWith(pipelineSchema, parseJson(bytes.toString('utf8'), path), path);
  let found: Pipeline | undefined;
  for (const step of steps) {
    const { registry_name: kind } = step;
    if (NEUTRAL_STEPS.includes(kind)) continue;
    if (kind === 'rename_observations_processor') {
      const map = z.record(z.string(), z.string()).safeParse(step.config.rename_map ?? {});
      if (map.success && Object.keys(map.data).length === 0) continue;
      throw new CorruptDataError(`${path} renames features; expected none to be renamed`);
    }
    if (kind !== normalizer || found !== undefined) {
      throw new CorruptDataError(
        `${path} has the step "${kind}"; expected one "${normalizer}" and no other that computes`,
      );
    }
    const stateFile = step.state_file;
    if (stateFile === undefined || basename(stateFile) !== stateFile) {
      throw new CorruptDataError(`${path}: state_file is ${JSON.stringify(stateFile)}; expected a file beside it`);
    }
    const state = await readBytes(join(directory, stateFile));
    const mapping = parseWith(mappingSchema, step.config.norm_map ?? {}, path);
    const { tensors } = decodeTensors(state, join(directory, stateFile));
    found = { statistics: statisticsOf(tensors), mapping, files: { [name]: bytes, [stateFile]: state } };
  }
  if (found === undefined) throw new CorruptDataError(`${path} has no step "${normalizer}"`);
  return found;
}

const mappingSchema = z.partialRecord(
  z.enum(['STATE', 'ENV', 'VISUAL', 'ACTION']),
  z.enum(['IDENTITY', 'MIN_MAX', 'MEAN_STD', 'QUANTILES', 'QUANTILE10']),
);

/** Tensors `<feature>.<statistic>` as statistics by feature. */
function statisticsOf(tensors: ParameterValues): Statistics {
  const statistics: Record<string, Record<string, Float32Array>> = {};
  for (const [name, { data }] of Object.entries(tensors)) {
    const dot = name.lastIndexOf('.');
    const feature = name.slice(0, dot);
    statistics[feature] ??= {};
    statistics[feature][name.slice(dot + 1)] = data;
  }
  return statistics;
}

/** The processor files of a policy, by name. */
export function formatProcessors(config: DiffusionConfig, statistics: Statistics): Record<string, string | Uint8Array> {
  const { inputFeatures, outputFeatures, normalizationMapping: mapping } = config;
  const state = encodeTensors(statisticTensors(config, statistics));
  const device = { registry_name: 'device_processor', config: { device: 'cpu', float_dtype: null } };
  const normalizer = (name: string, features: object, file: string) => ({
    registry_name: name,
    config: { eps: 1e-8, features, norm_map: mapping },
    state_file: file,
  });
  const preState = 'policy_preprocessor_step_3_normalizer_processor.safetensors';
  const postState = 'policy_postprocessor_step_0_unnormalizer_processor.safetensors';
  const before = [
    { registry_name: 'rename_observations_processor', config: { rename_map: {} } },
    { registry_name: 'to_batch_processor', config: {} },
    device,
    normalizer('normalizer_processor', { ...inputFeatures, ...outputFeatures }, preState),
  ];
  const after = [normalizer('unnormalizer_processor', outputFeatures, postState), device];
  const text = (name: string, steps: object[]) => `${JSON.stringify({ name, steps }, null, 2)}\n`;
  return {
    [PREPROCESSOR_FILE]: text('policy_preprocessor', before),
    [preState]: state,
    [POSTPROCESSOR_FILE]: text('policy_postprocessor', after),
    [postState]: state,
  };
}

/** Statistics as tensors `<feature>.<statistic>`; those of pictures are [3, 1, 1]. */
function statisticTensors({ inputFeatures }: DiffusionConfig, statistics: Statistics): ParameterValues {
  const rows = Object.entries(statistics).flatMap(([feature, values]: [string, FeatureStatistics]) =>
    Object.entries(values).map(([name, data]) => {
      const isPicture = inputFeatures[feature]?.type === 'VISUAL' && data.length === 3;
      return [`${feature}.${name}`, { shape: isPicture ? [3, 1, 1] : [data.length], data }] as const;
    }),
  );
  return Object.fromEntries(rows);
}
