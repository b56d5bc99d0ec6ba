import { CorruptDataError } from '@rapport/core';
import type { TfliteModel, TfliteOperator, TfliteTensor } from '@rapport/data';
import type { Backbone, Convolution, InvertedResidual } from './backbone.js';

/** The last layer of the feature extractor; the detector's box predictors come after it and are left out. */
const lastLayer = 'FeatureExtractor/MobilenetV2/Conv_1/';

/**
 * The MobileNetV2 feature extractor of the Objectron detector from its TFLite file. The convolutions come in the order
 * stem, (expand), depthwise, project, ..., head; batch normalisation is folded into them already.
 * @throws CorruptDataError when the layers are not those of a MobileNetV2
 */
export function objectronBackbone(model: TfliteModel): Backbone {
  const convolutions = readConvolutions(model);
  const stem = convolutions.shift();
  const head = convolutions.pop();
  const blocks: InvertedResidual[] = [];
  while (convolutions.length > 0) {
    const expand = convolutions[0]!.kind === 'conv2d' ? convolutions.shift() : undefined;
    const depthwise = convolutions.shift();
    const project = convolutions.shift();
    if (depthwise?.kind !== 'depthwiseConv2d' || project?.kind !== 'conv2d')
      refuse(`block ${blocks.length} is irregular`);
    blocks.push({ expand, depthwise, project });
  }
  if (stem === undefined || head === undefined || blocks.length !== 17)
    refuse(`it has ${blocks.length} blocks, not 17`);
  return {
    stem,
    blocks,
    head,
    padding: 'same',
    mean: [127.5, 127.5, 127.5],
    deviation: [127.5, 127.5, 127.5],
    mapBlocks: { map8: 5, map16: 12 },
  };
}

type TfliteConvolution = Convolution & Pick<TfliteOperator, 'kind'>;

function readConvolutions({ tensors, operators }: TfliteModel): TfliteConvolution[] {
  // Stored float16 weights pass through a `dequantize` each.
  const stored = new Map<number, TfliteTensor>();
  const tensorAt = (index: number): TfliteTensor => stored.get(index) ?? tensors[index]!;
  const found: TfliteConvolution[] = [];
  for (const operator of operators) {
    const { kind, inputs, outputs, stride } = operator;
    if (kind === 'dequantize') stored.set(outputs[0]!, tensors[inputs[0]!]!);
    const name = tensors[outputs[0]!]!.name;
    if ((kind !== 'conv2d' && kind !== 'depthwiseConv2d') || !name.startsWith('FeatureExtractor/')) continue;
    if (operator.padding !== 'same') refuse(`${name} is not padded as TensorFlow's SAME`);
    const expectsRelu6 = kind === 'depthwiseConv2d' || found.at(-1)?.kind !== 'depthwiseConv2d';
    if (operator.activation !== (expectsRelu6 ? 'relu6' : 'none')) refuse(`${name} has an unexpected activation`);
    const bias = tensorAt(inputs[2]!).data ?? refuse(`${name} has no bias`);
    found.push({ kind, stride, bias, weight: toOutputFirst(tensorAt(inputs[1]!), kind) });
    if (name.startsWith(lastLayer)) return found;
  }
  return refuse(`it has no layer ${lastLayer}`);
}

/** TFLite stores [O, kH, kW, I], and [1, kH, kW, O] for depthwise ones; the result is [O, I / groups, kH, kW]. */
function toOutputFirst({ name, shape, data }: TfliteTensor, kind: TfliteOperator['kind']): Convolution['weight'] {
  if (data === undefined || shape.length !== 4) refuse(`${name} holds no weights`);
  const [first, height, width, last] = shape as [number, number, number, number];
  const isDepthwise = kind === 'depthwiseConv2d';
  const [outputs, inputs] = isDepthwise ? [last, 1] : [first, last];
  const weight = new Float32Array(data.length);
  let target = 0;
  for (let output = 0; output < outputs; output++) {
    for (let input = 0; input < inputs; input++) {
      for (let pixel = 0; pixel < height * width; pixel++) {
        weight[target++] = isDepthwise
          ? data[pixel * outputs + output]!
          : data[(output * height * width + pixel) * inputs + input]!;
      }
    }
  }
  return { shape: [outputs, inputs, height, width], data: weight };
}

function refuse(what: string): never {
  throw new CorruptDataError(`the TFLite file is not the Objectron detector: ${what}`);
}
