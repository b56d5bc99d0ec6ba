import {
  add,
  affine,
  concat,
  constant,
  convolve1d,
  convolve2d,
  cos,
  div,
  filled,
  heNormal,
  mean,
  mish,
  mul,
  type Parameter,
  parameter,
  reshape,
  sin,
  sqrt,
  square,
  sub,
  type Tensor,
  transpose,
  transposedConvolve1d,
  uniformFanIn,
  zeros,
} from '@rapport/nn';

// Layers whose parameters have the names and shapes of LeRobot's checkpoints. Sequences are [N, T, C]; the weights of their
// convolutions are turned once, not in every layer, so that the engine keeps them that way.

/** A part of a network. */
export interface Layer<Inputs extends readonly Tensor[] = readonly [Tensor]> {
  readonly parameters: readonly Parameter[];
  apply(...inputs: Inputs): Tensor;
}

/**
 * The network that removes noise from actions, applied to noisy actions [N, horizon, action], timesteps (float32 [N], or [1]
 * when all samples are at the same one) and conditions [N, condition]; gives the noise or the clean actions that it
 * predicts, [N, horizon, action].
 */
export type Denoiser = Layer<readonly [noisy: Tensor, timesteps: Tensor, condition: Tensor]>;

/** x W^T + b; `NAME.weight` [outputs, inputs], `NAME.bias` [outputs]. */
export function linear(name: string, inputs: number, outputs: number): Layer {
  const weight = parameter(`${name}.weight`, [outputs, inputs], uniformFanIn(inputs));
  const bias = parameter(`${name}.bias`, [outputs], uniformFanIn(inputs));
  return { parameters: [weight, bias], apply: (x) => affine(x, weight, bias) };
}

/** Convolution over time of x [N, T, inputs]; `NAME.weight` [outputs, inputs, kernel]. */
export function conv1d(
  name: string,
  inputs: number,
  outputs: number,
  { kernel, stride = 1, pad = kernel >> 1 }: { kernel: number; stride?: number; pad?: number },
): Layer {
  const fanIn = uniformFanIn(inputs * kernel);
  const weight = parameter(`${name}.weight`, [outputs, inputs, kernel], fanIn);
  const bias = parameter(`${name}.bias`, [outputs], fanIn);
  const taps = transpose(weight, [2, 1, 0]);
  return { parameters: [weight, bias], apply: (x) => convolve1d(x, taps, bias, { stride, pads: pad }) };
}

/** Transposed convolution over time, kernel 4, stride 2, padding 1: doubles T; `NAME.weight` [inputs, outputs, 4]. */
export function upsampling1d(name: string, channels: number): Layer {
  const fanIn = uniformFanIn(channels * 4);
  const weight = parameter(`${name}.weight`, [channels, channels, 4], fanIn);
  const bias = parameter(`${name}.bias`, [channels], fanIn);
  const taps = transpose(weight, [0, 2, 1]);
  return { parameters: [weight, bias], apply: (x) => transposedConvolve1d(x, taps, bias, { stride: 2, pads: 1 }) };
}

/** Convolution of pictures without a bias, as in residual networks; `NAME.weight` [outputs, inputs, k, k]. */
export function plainConv2d(
  name: string,
  inputs: number,
  outputs: number,
  { kernel, stride: strides, pad: pads }: { kernel: number; stride: number; pad: number },
): Layer {
  // torchvision's residual networks draw by fan out.
  const initial = heNormal(outputs * kernel * kernel);
  const weight = parameter(`${name}.weight`, [outputs, inputs, kernel, kernel], initial);
  return { parameters: [weight], apply: (x) => convolve2d(x, weight, { strides, pads }) };
}

/** Normalisation per sample over groups of channels (Wu and He 2018); `NAME.weight`, `NAME.bias` [channels]. */
export function groupNorm(name: string, channels: number, groups: number): Layer {
  const weight = parameter(`${name}.weight`, [channels], filled(1));
  const bias = parameter(`${name}.bias`, [channels], zeros);
  const perChannel = [groups, channels / groups, 1];
  const [scale, shift] = [reshape(weight, perChannel), reshape(bias, perChannel)];
  return {
    parameters: [weight, bias],
    apply: (x) => {
      const grouped = reshape(x, [x.shape[0]!, groups, channels / groups, -1]);
      return reshape(normalized(grouped, [2, 3], scale, shift), x.shape);
    },
  };
}

/** `groupNorm` of sequences [N, T, C]. */
export function sequenceGroupNorm(name: string, channels: number, groups: number): Layer {
  const weight = parameter(`${name}.weight`, [channels], filled(1));
  const bias = parameter(`${name}.bias`, [channels], zeros);
  const perChannel = [groups, channels / groups];
  const [scale, shift] = [reshape(weight, perChannel), reshape(bias, perChannel)];
  return {
    parameters: [weight, bias],
    apply: (x) => {
      const grouped = reshape(x, [x.shape[0]!, x.shape[1]!, ...perChannel]);
      return reshape(normalized(grouped, [1, 3], scale, shift), x.shape);
    },
  };
}

/** Zero mean and unit variance over axes, then scale and shift; the deviation enters the scale, which is smaller than x. */
function normalized(x: Tensor, axes: readonly number[], scale: Tensor, shift: Tensor): Tensor {
  const centered = sub(x, mean(x, { axes, keepDims: true }));
  const variance = mean(square(centered), { axes, keepDims: true });
  return add(mul(centered, mul(div(1, sqrt(add(variance, 1e-5))), scale)), shift);
}

/**
 * Batch normalisation with its running statistics, as at inference (Ioffe and Szegedy 2015, algorithm 2); the
 * statistics `NAME.running_mean` and `NAME.running_var` are parameters that no gradient should train.
 */
export function frozenBatchNorm(name: string, channels: number): Layer {
  const weight = parameter(`${name}.weight`, [channels], filled(1));
  const bias = parameter(`${name}.bias`, [channels], zeros);
  const runningMean = parameter(`${name}.running_mean`, [channels], zeros);
  const runningVariance = parameter(`${name}.running_var`, [channels], filled(1));
  return {
    parameters: [weight, bias, runningMean, runningVariance],
    apply: (x) => {
      const scale = div(weight, sqrt(add(runningVariance, 1e-5)));
      return scaledChannels(x, scale, sub(bias, mul(runningMean, scale)));
    },
  };
}

/** x [N, C, ...] times a scale [C] plus a shift [C]. */
function scaledChannels(x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const perChannel = [x.shape[1]!, ...x.shape.slice(2).map(() => 1)];
  return add(mul(x, reshape(scale, perChannel)), reshape(shift, perChannel));
}

/**
 * Sinusoidal embedding of timesteps [N] as [N, size]: sines, then cosines, of frequencies exp(-i ln(10000) / (size/2 - 1))
 * (Vaswani et al. 2017, arXiv 1706.03762, section 3.5, in the order that diffusion models use).
 */
export function sinusoidalEmbedding(timesteps: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = Float32Array.from({ length: half }, (_, index) =>
    Math.exp((-index * Math.log(10_000)) / (half - 1)),
  );
  const angles = mul(reshape(timesteps, [-1, 1]), constant(frequencies, [1, half]));
  return concat([sin(angles), cos(angles)], 1);
}

/** Convolution over time, group normalisation and Mish: `NAME.block.0` and `NAME.block.1`. */
export function convBlock(name: string, inputs: number, outputs: number, kernel: number, groups: number): Layer {
  const convolution = conv1d(`${name}.block.0`, inputs, outputs, { kernel });
  const normalization = sequenceGroupNorm(`${name}.block.1`, outputs, groups);
  return {
    parameters: [...convolution.parameters, ...normalization.parameters],
    apply: (x) => mish(normalization.apply(convolution.apply(x))),
  };
}
