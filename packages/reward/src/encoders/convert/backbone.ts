import type { ParameterValues } from '@rapport/nn';

/** A convolution with its batch normalisation folded in. */
export interface Convolution {
  /** Shape [O, I / groups, k, k], row-major. */
  readonly weight: { readonly shape: readonly number[]; readonly data: Float32Array };
  /** Shape [O]. */
  readonly bias: Float32Array;
  readonly stride: number;
}

/** An inverted residual block (Sandler et al. 2018, arXiv 1801.04381): the input is added when the shapes agree. */
export interface InvertedResidual {
  /** 1x1 convolution to more channels; the first block of a network has none. */
  readonly expand: Convolution | undefined;
  readonly depthwise: Convolution;
  /** 1x1 convolution to fewer channels, linear. */
  readonly project: Convolution;
}

/**
 * A convolutional network of the MobileNetV2 family as plain data: stem, inverted residual blocks, head. ReLU6 follows
 * every convolution but the projections.
 */
export interface Backbone {
  readonly stem: Convolution;
  readonly blocks: readonly InvertedResidual[];
  readonly head: Convolution;
  /** `same`: TensorFlow's padding, asymmetric at stride 2; `half`: k / 2 on every side. */
  readonly padding: 'same' | 'half';
  /** A channel's bytes 0..255 become (value - mean) / deviation. */
  readonly mean: readonly [number, number, number];
  readonly deviation: readonly [number, number, number];
  /** The blocks whose outputs are the maps of stride 8 and 16. */
  readonly mapBlocks: { readonly map8: number; readonly map16: number };
}

/** The convolutions with their names, in the order in which they run. */
export function namedConvolutions({ stem, blocks, head }: Backbone): [name: string, convolution: Convolution][] {
  const inBlocks = blocks.flatMap(({ expand, depthwise, project }, index): [string, Convolution][] => [
    ...(expand === undefined ? [] : [[`block${index}/expand`, expand] satisfies [string, Convolution]]),
    [`block${index}/depthwise`, depthwise],
    [`block${index}/project`, project],
  ]);
  return [['stem', stem], ...inBlocks, ['head', head]];
}

/** The weights under the names that `encoderGraph` gives its parameters. */
export function backboneParameters(backbone: Backbone): ParameterValues {
  return Object.fromEntries(
    namedConvolutions(backbone).flatMap(([name, { weight, bias }]) => [
      [`${name}/weight`, weight],
      [`${name}/bias`, { shape: [bias.length], data: bias }],
    ]),
  );
}

/** Folds a batch normalisation (inference form) into the convolution before it. */
export function foldBatchNorm(
  weight: Convolution['weight'],
  norm: { readonly [part in 'scale' | 'shift' | 'mean' | 'variance']: Float32Array },
  epsilon: number,
  stride: number,
): Convolution {
  const outputs = weight.shape[0]!;
  const perOutput = weight.data.length / outputs;
  const data = new Float32Array(weight.data.length);
  const bias = new Float32Array(outputs);
  for (let output = 0; output < outputs; output++) {
    const factor = norm.scale[output]! / Math.sqrt(norm.variance[output]! + epsilon);
    for (let index = output * perOutput; index < (output + 1) * perOutput; index++) {
      data[index] = weight.data[index]! * factor;
    }
    bias[output] = norm.shift[output]! - norm.mean[output]! * factor;
  }
  return { weight: { shape: weight.shape, data }, bias, stride };
}
