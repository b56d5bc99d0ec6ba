import { readFile } from 'node:fs/promises';
import { type ImageSize, InputError } from '@rapport/core';
import {
  cast,
  concat,
  constant,
  div,
  type ImportedModel,
  importOnnx,
  input,
  sub,
  type Tensor,
  transpose,
} from '@rapport/nn';
import { keypoints } from './convert/features.js';
import { encoderBatch, frozenEncoder } from './frozen.js';
import { hashOf } from './hash.js';
import type { Encoder } from './types.js';

const defaultSize = 112;
/** ImageNet's mean and deviation per channel, in bytes. */
const imageNetMean = [123.675, 116.28, 103.53];
const imageNetDeviation = [58.395, 57.12, 57.375];

/**
 * Any image network as a frozen encoder. Its one input is pictures, either uint8 [N, H, W, 3] or float32 [N, 3, H, W]
 * normalised as for ImageNet; open sizes become 112. Its features are the outputs `kp8` and `kp16` when it has them, else
 * its first output: [N, F] as it is, the keypoints of a map [N, C, H, W].
 * @throws InputError when the file cannot be read or has other inputs or outputs; CorruptDataError when it is no ONNX model
 */
export async function openOnnxEncoder(path: string): Promise<Encoder> {
  const bytes = await readFile(path).catch((cause: Error) => {
    throw new InputError(`encoder model ${path} cannot be read: ${cause.message}`, { cause });
  });
  const model = importOnnx(bytes, { name: 'encoder', source: path });
  const { inputs, imageSize } = makeInput(model, path);
  const features = chooseFeatures(model.apply(inputs), model.outputs, path);
  return frozenEncoder(
    { kind: `onnx:${path}`, hash: hashOf(['onnx', bytes]), description: `ONNX model ${path}`, features: 'own' },
    { features, parameters: model.values, imageSize },
  );
}

function makeInput(model: ImportedModel, path: string): { inputs: Record<string, Tensor>; imageSize: ImageSize } {
  const [only, ...others] = model.inputs;
  if (only === undefined || others.length > 0) {
    throw new InputError(`encoder model ${path} has ${model.inputs.length} inputs; expected one`);
  }
  const [batch = encoderBatch, , , last] = only.shape;
  const rowsLast = last === 3;
  if (only.shape.length !== 4 || !(rowsLast || only.shape[1] === 3)) {
    const found = only.shape.map((size) => size ?? '?').join(', ');
    throw new InputError(
      `encoder model ${path}, input "${only.name}" is [${found}]; expected [N, H, W, 3] or [N, 3, H, W]`,
    );
  }
  const [height = defaultSize, width = defaultSize] = rowsLast ? only.shape.slice(1, 3) : only.shape.slice(2);
  const image = input('image', [batch, height, width, 3], 'uint8');
  return { inputs: { [only.name]: rowsLast ? image : normalised(image) }, imageSize: { width, height } };
}

function normalised(image: Tensor): Tensor {
  const perChannel = (values: readonly number[]) => constant(Float32Array.from(values), [3, 1, 1]);
  const channelsFirst = transpose(cast(image, 'float32'), [0, 3, 1, 2]);
  return div(sub(channelsFirst, perChannel(imageNetMean)), perChannel(imageNetDeviation));
}

function chooseFeatures(outputs: Readonly<Record<string, Tensor>>, names: readonly string[], path: string): Tensor {
  const { kp8, kp16 } = outputs;
  if (kp8 !== undefined && kp16 !== undefined) return concat([kp8, kp16], 1);
  const first = outputs[names[0]!]!;
  if (first.shape.length === 2) return first;
  if (first.shape.length === 4) return keypoints(first);
  throw new InputError(
    `encoder model ${path}, output "${names[0]}" is [${first.shape.join(', ')}]; expected [N, F] or [N, C, H, W]`,
  );
}
