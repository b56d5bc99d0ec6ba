import type { WorkOptions } from '@rapport/core';
import { type Encoder, type EncoderKind, loadBestEncoder, loadEncoder } from '@rapport/reward';
import { z } from 'zod';

const BUILT_IN = ['lite0', 'mobilenetv2', 'objectron', 'random', 'pixels16'] as const;

/** `encoder.kind` as an option: a name, the path of a model, or `auto`. */
export const encoderKindSchema = z
  .union([z.enum(['auto', ...BUILT_IN]), z.templateLiteral(['onnx:', z.string().min(1)])])
  .describe('auto, lite0, mobilenetv2, objectron, onnx:FILE, random or pixels16; auto takes the best that can be had');

/** The encoder of that kind; what `auto` could not get is said. */
export async function chooseEncoder(
  kind: EncoderKind | 'auto',
  work: WorkOptions,
  log: (line: string) => void,
): Promise<Encoder> {
  const progress = work.onProgress === undefined ? {} : { onProgress: work.onProgress };
  if (kind !== 'auto') return loadEncoder(kind, progress);
  const { encoder, unavailable } = await loadBestEncoder(progress);
  for (const { kind: missing, reason, fix } of unavailable) {
    log(`encoder ${missing} cannot be had: ${reason}${fix === undefined ? '' : ` (${fix})`}`);
  }
  log(`encoder: ${encoder.description}`);
  return encoder;
}
