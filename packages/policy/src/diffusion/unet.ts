import { add, broadcastTo, concat, expandDims, mish, mul, slice, type Tensor } from '@rapport/nn';
import { type DiffusionConfig, FINAL_GROUPS } from './config.js';
import { conv1d, convBlock, type Denoiser, type Layer, linear, sinusoidalEmbedding, upsampling1d } from './layers.js';

type UNetConfig = Pick<
  DiffusionConfig,
  'downDims' | 'kernelSize' | 'nGroups' | 'diffusionStepEmbedDim' | 'useFilmScaleModulation'
>;

/**
 * The denoiser of Chi et al. 2023, "Diffusion Policy" (arXiv 2303.04137, section III): a one-dimensional convolutional
 * U-Net whose residual blocks are modulated by observations and timestep (FiLM, Perez et al. 2018), with the parameter
 * names of LeRobot's checkpoints below `prefix`.
 */
export function conditionalUNet(
  prefix: string,
  config: UNetConfig,
  actionSize: number,
  conditionSize: number,
): Denoiser {
  const { downDims, kernelSize, nGroups, diffusionStepEmbedDim: embedSize, useFilmScaleModulation } = config;
  const modulationSize = embedSize + conditionSize;
  const block = (name: string, inputs: number, outputs: number) =>
    residualBlock(`${prefix}.${name}`, {
      inputs,
      outputs,
      kernelSize,
      nGroups,
      modulationSize,
      useFilmScaleModulation,
    });
  const timeHidden = linear(`${prefix}.diffusion_step_encoder.1`, embedSize, 4 * embedSize);
  const timeOutput = linear(`${prefix}.diffusion_step_encoder.3`, 4 * embedSize, embedSize);
  const levels = downDims.length;
  const widths = [actionSize, ...downDims];
  const downs = downDims.map((width, level) => ({
    first: block(`down_modules.${level}.0`, widths[level]!, width),
    second: block(`down_modules.${level}.1`, width, width),
    resample:
      level === levels - 1
        ? undefined
        : conv1d(`${prefix}.down_modules.${level}.2`, width, width, { kernel: 3, stride: 2, pad: 1 }),
  }));
  const deepest = downDims[levels - 1]!;
  const middles = [0, 1].map((index) => block(`mid_modules.${index}`, deepest, deepest));
  // From the deepest level up; each takes the skip of its level and ends at the width of the level above.
  const ups = downDims.slice(0, -1).map((_, index) => {
    const [from, to] = [downDims[levels - 1 - index]!, downDims[levels - 2 - index]!];
    return {
      first: block(`up_modules.${index}.0`, 2 * from, to),
      second: block(`up_modules.${index}.1`, to, to),
      resample: upsampling1d(`${prefix}.up_modules.${index}.2`, to),
    };
  });
  const outputBlock = convBlock(`${prefix}.final_conv.0`, downDims[0]!, downDims[0]!, kernelSize, FINAL_GROUPS);
  const output = conv1d(`${prefix}.final_conv.1`, downDims[0]!, actionSize, { kernel: 1 });

  const stages = [...downs, ...ups].flatMap(({ first, second, resample }) => [
    first,
    second,
    ...(resample === undefined ? [] : [resample]),
  ]);
  return {
    parameters: [timeHidden, timeOutput, ...stages, ...middles, outputBlock, output].flatMap((one) => one.parameters),
    apply: (noisy, timesteps, condition) => {
      const batch = noisy.shape[0]!;
      const embedded = sinusoidalEmbedding(timesteps, embedSize);
      const time = timeOutput.apply(mish(timeHidden.apply(embedded)));
      const modulation = mish(concat([broadcastTo(time, [batch, embedSize]), condition], 1));
      let x = noisy;
      const skips: Tensor[] = [];
      for (const { first, second, resample } of downs) {
        x = second.apply(first.apply(x, modulation), modulation);
        skips.push(x);
        if (resample !== undefined) x = resample.apply(x);
      }
      for (const middle of middles) x = middle.apply(x, modulation);
      for (const { first, second, resample } of ups) {
        const joined = concat([x, skips.pop()!], 2);
        x = resample.apply(second.apply(first.apply(joined, modulation), modulation));
      }
      return output.apply(outputBlock.apply(x));
    },
  };
}

interface ResidualOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernelSize: number;
  readonly nGroups: number;
  /** Length of the condition with the time embedding. */
  readonly modulationSize: number;
  readonly useFilmScaleModulation: boolean;
}

/**
 * Two convolutional blocks with a shortcut; between them each channel is shifted, and scaled when `useFilmScaleModulation`
 * is set, by a linear function of the modulation, to which Mish has been applied.
 */
export function residualBlock(name: string, options: ResidualOptions): Layer<readonly [Tensor, Tensor]> {
  const { inputs, outputs, kernelSize, nGroups, modulationSize, useFilmScaleModulation } = options;
  const first = convBlock(`${name}.conv1`, inputs, outputs, kernelSize, nGroups);
  const film = linear(`${name}.cond_encoder.1`, modulationSize, useFilmScaleModulation ? 2 * outputs : outputs);
  const second = convBlock(`${name}.conv2`, outputs, outputs, kernelSize, nGroups);
  const shortcut = inputs === outputs ? undefined : conv1d(`${name}.residual_conv`, inputs, outputs, { kernel: 1 });
  return {
    parameters: [first, film, second, ...(shortcut === undefined ? [] : [shortcut])].flatMap((one) => one.parameters),
    apply: (x, modulation) => {
      const perChannel = expandDims(film.apply(modulation), 1);
      const hidden = first.apply(x);
      const modulated = useFilmScaleModulation
        ? add(mul(slice(perChannel, 2, 0, outputs), hidden), slice(perChannel, 2, outputs))
        : add(hidden, perChannel);
      return add(second.apply(modulated), shortcut === undefined ? x : shortcut.apply(x));
    },
  };
}
