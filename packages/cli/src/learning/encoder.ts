import type { WorkOptions } from '@rapport/core';
import { type Encoder, type FeatureKind, featureKinds, loadBestEncoder, loadEncoder } from '@rapport/reward';
import { z } from 'zod';

const BUILT_IN = ['lite0', 'mobilenetv2', 'objectron', 'random', 'pixels16'] as const;

/** `encoder.kind` as an option: a name, the path of a model, or `auto`. */
export const encoderKindSchema = z
  .union([z.enum(['auto', ...BUILT_IN]), z.templateLiteral(['onnx:', z.string().min(1)])])
  .describe('auto, lite0, mobilenetv2, objectron, onnx:FILE, random or pixels16; auto takes the best that can be had');

/** Which encoder, as options. */
export const encoderOptionsSchema = z.object({
  kind: encoderKindSchema.default('auto'),
  features: z
    .enum(featureKinds)
    .default('keypoints')
    .describe('of a network: positions of its responses, averages, or its stride-16 map for rapl.head=convolution'),
});

/** The features to ask a network for; encoders that have one kind only are not asked. */
export function featuresOption(features: Encoder['features']): { readonly features?: FeatureKind } {
  return features === 'own' ? {} : { features };
}

/** The encoder of those options; what `auto` could not get is said. */
export async function chooseEncoder(
  { kind, features }: z.infer<typeof encoderOptionsSchema>,
  work: WorkOptions,
  log: (line: string) => void,
): Promise<Encoder> {
  const options = { features, ...(work.onProgress && { onProgress: work.onProgress }) };
  if (kind !== 'auto') return loadEncoder(kind, options);
  const { encoder, unavailable } = await loadBestEncoder(options);
  for (const { kind: missing, reason, fix } of unavailable) {
    log(`encoder ${missing} cannot be had: ${reason}${fix === undefined ? '' : ` (${fix})`}`);
  }
  log(`encoder: ${encoder.description}`);
  return encoder;
}
