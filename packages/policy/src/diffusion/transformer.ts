import {
  add,
  affine,
  broadcastTo,
  concat,
  constant,
  expandDims,
  filled,
  gelu,
  matmul,
  mish,
  mul,
  normal,
  type Parameter,
  parameter,
  reshape,
  slice,
  softmax,
  standardized,
  type Tensor,
  transpose,
  zeros,
} from '@rapport/nn';
import type { DiffusionConfig } from './config.js';
import { type Denoiser, type Layer, sinusoidalEmbedding } from './layers.js';

type TransformerConfig = Pick<
  DiffusionConfig,
  'nObsSteps' | 'horizon' | 'transformerWidth' | 'transformerLayers' | 'transformerHeads'
>;

/** Weights and positions are drawn with this deviation, as in the public code of diffusion_policy. */
const initialWeight = normal(0.02);

/**
 * The transformer denoiser of Chi et al. 2023, "Diffusion Policy" (arXiv 2303.04137, section III.A, "time-series diffusion
 * transformer"): tokens of the noisy actions attend to themselves, each to those before it, and to the encoded timestep
 * and observations, each to those of its own time and before. Normalisation comes before each part. Parameters below
 * `prefix` have the names and shapes of the public code of diffusion_policy (two linear layers as the encoder of the
 * condition); dropout is left out.
 */
export function conditionalTransformer(
  prefix: string,
  config: TransformerConfig,
  actionSize: number,
  conditionSize: number,
): Denoiser {
  const { nObsSteps, horizon, transformerWidth: width, transformerLayers, transformerHeads: heads } = config;
  const conditionTokens = 1 + nObsSteps;
  const inputLayer = linear(`${prefix}.input_emb`, actionSize, width);
  const observationLayer = linear(`${prefix}.cond_obs_emb`, conditionSize / nObsSteps, width);
  const position = parameter(`${prefix}.pos_emb`, [1, horizon, width], initialWeight);
  const conditionPosition = parameter(`${prefix}.cond_pos_emb`, [1, conditionTokens, width], initialWeight);
  const encoderHidden = linear(`${prefix}.encoder.0`, width, 4 * width);
  const encoderOutput = linear(`${prefix}.encoder.2`, 4 * width, width);
  const layers = Array.from({ length: transformerLayers }, (_, index) =>
    decoderLayer(`${prefix}.decoder.layers.${index}`, width, heads),
  );
  const finalNorm = layerNorm(`${prefix}.ln_f`, width);
  const head = linear(`${prefix}.head`, width, actionSize);
  const past = attentionMask(horizon, horizon, 0);
  // The first token of the condition is the timestep; the observations follow.
  const known = attentionMask(horizon, conditionTokens, 1);

  const parts = [inputLayer, observationLayer, encoderHidden, encoderOutput, ...layers, finalNorm, head];
  return {
    parameters: [position, conditionPosition, ...parts.flatMap((part) => part.parameters)],
    apply: (noisy, timesteps, condition) => {
      const batch = noisy.shape[0]!;
      const time = expandDims(sinusoidalEmbedding(timesteps, width), 1);
      const observations = observationLayer.apply(reshape(condition, [batch, nObsSteps, -1]));
      const tokens = concat([broadcastTo(time, [batch, 1, width]), observations], 1);
      const encoded = encoderHidden.apply(add(tokens, conditionPosition));
      const memory = encoderOutput.apply(mish(encoded));
      const start = add(inputLayer.apply(noisy), position);
      const last = layers.reduce((x, layer) => layer.apply(x, memory, past, known), start);
      return head.apply(finalNorm.apply(last));
    },
  };
}

/** 0 where query t may look at key s, that is where t >= s - `ahead`, and so low elsewhere that nothing is left: [T, S]. */
function attentionMask(queries: number, keys: number, ahead: number): Tensor {
  const data = Float32Array.from({ length: queries * keys }, (_, at) =>
    Math.floor(at / keys) >= (at % keys) - ahead ? 0 : -1e9,
  );
  return constant(data, [queries, keys]);
}

/** Tokens, memory, mask of the self-attention, mask of the attention to the memory. */
type DecoderInputs = readonly [Tensor, Tensor, Tensor, Tensor];

/** A decoder layer (Vaswani et al. 2017, arXiv 1706.03762) with normalisation before each part and GELU. */
function decoderLayer(name: string, width: number, heads: number): Layer<DecoderInputs> {
  const norms = [1, 2, 3].map((index) => layerNorm(`${name}.norm${index}`, width));
  const selfAttention = attention(`${name}.self_attn`, width, heads);
  const memoryAttention = attention(`${name}.multihead_attn`, width, heads);
  const hidden = linear(`${name}.linear1`, width, 4 * width);
  const output = linear(`${name}.linear2`, 4 * width, width);
  const parts = [selfAttention, memoryAttention, hidden, output, ...norms];
  return {
    parameters: parts.flatMap((part) => part.parameters),
    apply: (x, memory, past, known) => {
      const attended = add(x, selfAttention.toItself(norms[0]!.apply(x), past));
      const informed = add(attended, memoryAttention.toMemory(norms[1]!.apply(attended), memory, known));
      return add(informed, output.apply(gelu(hidden.apply(norms[2]!.apply(informed)))));
    },
  };
}

interface Attention {
  readonly parameters: readonly Parameter[];
  /** @param x [N, T, width] @param mask [T, T], added to the scores */
  toItself(x: Tensor, mask: Tensor): Tensor;
  /** @param x [N, T, width] @param memory [N, S, width] @param mask [T, S] */
  toMemory(x: Tensor, memory: Tensor, mask: Tensor): Tensor;
}

/** Multi-head attention; `NAME.in_proj_weight` holds the projections to queries, keys and values below each other. */
function attention(name: string, width: number, heads: number): Attention {
  const weight = parameter(`${name}.in_proj_weight`, [3 * width, width], initialWeight);
  const bias = parameter(`${name}.in_proj_bias`, [3 * width], zeros);
  const output = linear(`${name}.out_proj`, width, width);
  const split = (x: Tensor, index: number) => slice(x, 2, index * width, (index + 1) * width);
  const perHead = (x: Tensor) => transpose(reshape(x, [x.shape[0]!, x.shape[1]!, heads, -1]), [0, 2, 1, 3]);
  const attend = (query: Tensor, key: Tensor, value: Tensor, mask: Tensor): Tensor => {
    const scaled = mul(perHead(query), 1 / Math.sqrt(width / heads));
    const scores = add(matmul(scaled, perHead(key), { transposeB: true }), mask);
    const values = transpose(matmul(softmax(scores), perHead(value)), [0, 2, 1, 3]);
    return output.apply(reshape(values, query.shape));
  };
  return {
    parameters: [weight, bias, ...output.parameters],
    toItself: (x, mask) => {
      const projected = affine(x, weight, bias);
      return attend(split(projected, 0), split(projected, 1), split(projected, 2), mask);
    },
    toMemory: (x, memory, mask) => {
      const query = affine(x, slice(weight, 0, 0, width), slice(bias, 0, 0, width));
      const projected = affine(memory, slice(weight, 0, width), slice(bias, 0, width));
      return attend(query, split(projected, 0), split(projected, 1), mask);
    },
  };
}

/** x W^T + b, drawn as in diffusion_policy. */
function linear(name: string, inputs: number, outputs: number): Layer {
  const weight = parameter(`${name}.weight`, [outputs, inputs], initialWeight);
  const bias = parameter(`${name}.bias`, [outputs], zeros);
  return { parameters: [weight, bias], apply: (x) => affine(x, weight, bias) };
}

/** Normalisation of each token (Ba et al. 2016, arXiv 1607.06450). */
function layerNorm(name: string, width: number): Layer {
  const weight = parameter(`${name}.weight`, [width], filled(1));
  const bias = parameter(`${name}.bias`, [width], zeros);
  return { parameters: [weight, bias], apply: (x) => add(mul(standardized(x, [-1]), weight), bias) };
}
