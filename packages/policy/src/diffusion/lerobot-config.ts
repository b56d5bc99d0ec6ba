import { CorruptDataError, InputError } from '@rapport/core';
import { backbones, type DiffusionConfig, diffusionConfigSchema, diffusionShapes } from './config.js';
import { parseWith } from './json.js';

/** `nObsSteps` as LeRobot writes it, `n_obs_steps`. */
export function snakeCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** Types of policy in a `config.json`: LeRobot's own, and one that LeRobot refuses by name instead of misreading it. */
const POLICY_TYPES = { unet: 'diffusion', transformer: 'rapport_diffusion_transformer' } as const;

/**
 * Reads the document of a `config.json`, LeRobot's or Rapport's own of a policy with a transformer; of the layout before February 2025 (`input_shapes`, `input_normalization_modes`)
 * too. Fields that change nothing in the computation are left out.
 * @throws InputError when it is of another kind of policy
 * @throws CorruptDataError naming the field that is missing, wrong or contradicts another
 */
export function parseLerobotConfig(document: unknown, path: string): DiffusionConfig {
  if (typeof document !== 'object' || document === null) throw new CorruptDataError(`${path} is not a JSON object`);
  const fields = document as Record<string, unknown>;
  const type = fields.type ?? ('input_shapes' in fields && 'noise_scheduler_type' in fields ? 'diffusion' : undefined);
  const backbone = backbones.find((one) => POLICY_TYPES[one] === type);
  if (backbone === undefined) {
    throw new InputError(`${path} is of policy type ${JSON.stringify(type ?? null)}; expected "diffusion"`, {
      fix: 'import a diffusion policy; other kinds can be exported to ONNX where they were trained',
    });
  }
  const current = 'input_shapes' in fields ? withFeatures(fields, path) : fields;
  const camel = Object.fromEntries(Object.entries(current).map(([key, value]) => [camelCase(key), value]));
  const config = parseWith(diffusionConfigSchema, { ...camel, backbone }, path, snakeCase);
  try {
    diffusionShapes(config);
  } catch (error) {
    if (error instanceof InputError) throw new CorruptDataError(`${path}: ${error.message}`, { cause: error });
    throw error;
  }
  return config;
}

/** Features and a mapping by type, out of the shapes and modes by key that came before them. */
function withFeatures(fields: Record<string, unknown>, path: string): Record<string, unknown> {
  const modes = { ...record(fields.input_normalization_modes), ...record(fields.output_normalization_modes) };
  const mapping: Record<string, string> = {};
  const features = (shapes: unknown) =>
    Object.fromEntries(
      Object.entries(record(shapes)).map(([name, shape]) => {
        const type = featureTypeOf(name);
        const mode = typeof modes[name] === 'string' ? modes[name].toUpperCase() : 'IDENTITY';
        if ((mapping[type] ?? mode) !== mode) {
          throw new CorruptDataError(
            `${path}: features of type ${type} are normalised by ${mapping[type]} and ${mode}`,
          );
        }
        mapping[type] = mode;
        return [name, { type, shape }];
      }),
    );
  const inputFeatures = features(fields.input_shapes);
  const outputFeatures = features(fields.output_shapes);
  return { ...fields, input_features: inputFeatures, output_features: outputFeatures, normalization_mapping: mapping };
}

function featureTypeOf(name: string): 'VISUAL' | 'ENV' | 'ACTION' | 'STATE' {
  if (name.startsWith('observation.image')) return 'VISUAL';
  if (name === 'observation.environment_state') return 'ENV';
  return name === 'action' ? 'ACTION' : 'STATE';
}

function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/**
 * The text of a `config.json`. With a U-Net LeRobot 0.6.0 and later load it: it has only fields that all of them know. With
 * a transformer its type is one of Rapport's.
 */
export function formatLerobotConfig(config: DiffusionConfig): string {
  const { resizeShape, cropRatio, backbone, transformerWidth, transformerLayers, transformerHeads, ...rest } = config;
  const used = {
    ...rest,
    ...(resizeShape !== null && { resizeShape, cropRatio }),
    ...(backbone === 'transformer' && { transformerWidth, transformerLayers, transformerHeads }),
  };
  const fields = Object.fromEntries(Object.entries(used).map(([key, value]) => [snakeCase(key), value]));
  // Null keeps LeRobot from fetching weights that the checkpoint overwrites.
  const document = {
    type: POLICY_TYPES[backbone],
    ...fields,
    pretrained_backbone_weights: null,
    device: 'cpu',
    use_amp: false,
  };
  return `${JSON.stringify(document, null, 4)}\n`;
}
