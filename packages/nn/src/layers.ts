import { InputError } from '@rapport/core';
import { filled, type Initializer, uniformFanIn, zeros } from './initializers.js';
import {
  add,
  affine,
  type ConvolutionOptions,
  conv2d as convolve,
  div,
  gelu,
  mean,
  mish,
  mul,
  relu,
  reshape,
  sigmoid,
  silu,
  softplus,
  sqrt,
  square,
  sub,
  tanh,
} from './ops/index.js';
import { type Parameter, parameter, type Tensor } from './tensor.js';

/** A part of a network: its parameters, and the function that they define. */
export interface Module<Inputs extends readonly Tensor[] = readonly [Tensor]> {
  readonly parameters: readonly Parameter[];
  /** The same module can be applied to inputs of several batch sizes. */
  apply(...inputs: Inputs): Tensor;
  /** A module of the same shape with parameters of its own, named after `name`. */
  clone(name: string): Module<Inputs>;
}

export type Activation = 'relu' | 'tanh' | 'sigmoid' | 'softplus' | 'silu' | 'mish' | 'gelu';

const activations: Readonly<Record<Activation, (x: Tensor) => Tensor>> = {
  relu,
  tanh,
  sigmoid,
  softplus,
  silu,
  mish,
  gelu,
};

/** The activation function of a name. */
export function activate(activation: Activation, x: Tensor): Tensor {
  return activations[activation](x);
}

export interface LinearOptions {
  readonly inputSize: number;
  readonly outputSize: number;
  /** Default: uniform in +-1/sqrt(inputSize), as torch's Linear. */
  readonly weight?: Initializer;
  /** Default: as the weight. */
  readonly bias?: Initializer;
}

/** x W^T + b on the last axis: x [..., inputSize], `NAME/weight` [outputSize, inputSize], `NAME/bias` [outputSize]. */
export function linear(name: string, options: LinearOptions): Module {
  const { inputSize, outputSize } = options;
  const weight = parameter(`${name}/weight`, [outputSize, inputSize], options.weight ?? uniformFanIn(inputSize));
  const bias = parameter(`${name}/bias`, [outputSize], options.bias ?? uniformFanIn(inputSize));
  return {
    parameters: [weight, bias],
    apply: (x) => affine(x, weight, bias),
    clone: (other) => linear(other, options),
  };
}

export interface MlpOptions {
  readonly inputSize: number;
  readonly hiddenSizes: readonly number[];
  readonly outputSize: number;
  readonly activation: Activation;
  /** For all hidden layers; default as `linear`. */
  readonly hiddenWeight?: Initializer;
  /** For the last layer; default as `linear`. */
  readonly outputWeight?: Initializer;
}

/** Linear layers `NAME/0`, `NAME/1`, ... with an activation between them. */
export function mlp(name: string, options: MlpOptions): Module {
  const sizes = [options.inputSize, ...options.hiddenSizes, options.outputSize];
  const layers = sizes.slice(1).map((outputSize, index) => {
    const weight = index === sizes.length - 2 ? options.outputWeight : options.hiddenWeight;
    const drawn = weight === undefined ? {} : { weight };
    return linear(`${name}/${index}`, { inputSize: sizes[index]!, outputSize, ...drawn });
  });
  return {
    parameters: layers.flatMap((layer) => layer.parameters),
    apply: (x) =>
      layers.reduce((hidden, layer, index) => {
        const y = layer.apply(hidden);
        return index === layers.length - 1 ? y : activate(options.activation, y);
      }, x),
    clone: (other) => mlp(other, options),
  };
}

export interface Conv2dOptions extends ConvolutionOptions {
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** Height and width of the kernel. */
  readonly kernel: number | readonly [number, number];
  /** Default: uniform in +-1/sqrt(fan in), as torch's Conv2d. */
  readonly weight?: Initializer;
}

/** Convolution with bias of x [N, C, H, W]: `NAME/weight` [O, C / groups, kH, kW], `NAME/bias` [O]. */
export function conv2d(name: string, options: Conv2dOptions): Module {
  const { inputChannels, outputChannels, kernel, groups = 1 } = options;
  const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
  const perGroup = inputChannels / groups;
  if (!Number.isInteger(perGroup)) {
    throw new InputError(`conv2d "${name}": ${inputChannels} channels do not split into ${groups} groups`);
  }
  const initializer = options.weight ?? uniformFanIn(perGroup * height * width);
  const weight = parameter(`${name}/weight`, [outputChannels, perGroup, height, width], initializer);
  const bias = parameter(`${name}/bias`, [outputChannels], uniformFanIn(perGroup * height * width));
  return {
    parameters: [weight, bias],
    apply: (x) => convolve(x, weight, { ...options, bias }),
    clone: (other) => conv2d(other, options),
  };
}

/** Normalisation over the last axis with learned scale and shift (Ba et al. 2016, arXiv 1607.06450). */
export function layerNorm(name: string, size: number, epsilon = 1e-5): Module {
  const scale = parameter(`${name}/scale`, [size], filled(1));
  const shift = parameter(`${name}/shift`, [size], zeros);
  return {
    parameters: [scale, shift],
    apply: (x) => add(mul(standardized(x, [-1], epsilon), scale), shift),
    clone: (other) => layerNorm(other, size, epsilon),
  };
}

/** Normalisation per sample over groups of channels of x [N, C, ...] (Wu and He 2018, arXiv 1803.08494). */
export function groupNorm(name: string, channels: number, groups: number, epsilon = 1e-5): Module {
  if (channels % groups !== 0) {
    throw new InputError(`groupNorm "${name}": ${channels} channels do not split into ${groups} groups`);
  }
  const scale = parameter(`${name}/scale`, [channels], filled(1));
  const shift = parameter(`${name}/shift`, [channels], zeros);
  return {
    parameters: [scale, shift],
    apply: (x) => {
      const grouped = reshape(x, [x.shape[0]!, groups, -1]);
      const normal = reshape(standardized(grouped, [-1], epsilon), x.shape);
      const perChannel = [channels, ...x.shape.slice(2).map(() => 1)];
      return add(mul(normal, reshape(scale, perChannel)), reshape(shift, perChannel));
    },
    clone: (other) => groupNorm(other, channels, groups, epsilon),
  };
}

/** Zero mean and unit variance over axes. */
export function standardized(x: Tensor, axes: readonly number[], epsilon = 1e-5): Tensor {
  const centered = sub(x, mean(x, { axes, keepDims: true }));
  const variance = mean(square(centered), { axes, keepDims: true });
  return mul(centered, div(1, sqrt(add(variance, epsilon))));
}

/**
 * Dropout (Srivastava et al. 2014): `mask` holds 1 where an element stays and 0 where it goes; it is drawn outside,
 * from a seeded stream, and fed. What stays is divided by `keepRate`.
 */
export function dropout(x: Tensor, mask: Tensor, keepRate: number): Tensor {
  return mul(mul(x, mask), 1 / keepRate);
}
