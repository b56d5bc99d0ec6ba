import {
  add,
  exp,
  filled,
  type Module,
  mlp,
  mul,
  type Parameter,
  parameter,
  slice,
  softplus,
  sub,
  sum,
  type Tensor,
  tanh,
} from '@rapport/nn';
import type { SacConfig } from './config.js';

/** Bounds of the actor's log standard deviation (XIRL's and pytorch_sac's setting: a tanh squashed into [-5, 2]). */
const LOG_STD_LOW = -5;
const LOG_STD_HIGH = 2;

export interface SacNetworks {
  /** [batch, observation] -> [batch, 2 * action]: mean and raw log standard deviation. */
  readonly actor: Module;
  /** Two networks, [batch, observation + action] -> [batch, 1]. */
  readonly critics: readonly [Module, Module];
  readonly targetCritics: readonly [Module, Module];
  /** Logarithm of the entropy weight, shape [1]. */
  readonly logTemperature: Parameter;
}

/** The networks of one agent, all with ReLU hidden layers of `config.hiddenSizes`. */
export function sacNetworks(config: SacConfig, observationSize: number, actionSize: number): SacNetworks {
  const shape = { hiddenSizes: config.hiddenSizes, activation: 'relu' } as const;
  const critic = (name: string) => mlp(name, { ...shape, inputSize: observationSize + actionSize, outputSize: 1 });
  const critics = [critic('critic1'), critic('critic2')] as const;
  return {
    actor: mlp('actor', { ...shape, inputSize: observationSize, outputSize: 2 * actionSize }),
    critics,
    targetCritics: [critics[0].clone('target1'), critics[1].clone('target2')],
    logTemperature: parameter('logTemperature', [1], filled(Math.log(config.initialTemperature))),
  };
}

export interface SquashedSample {
  /** tanh of a normal draw, in (-1, 1), shape [batch, action]. */
  readonly action: Tensor;
  /** Log density of `action`, shape [batch, 1]. */
  readonly logProbability: Tensor;
}

/**
 * Draws from the tanh-squashed Gaussian by reparameterisation (SAC, appendix C).
 * @param head the actor's output, shape [batch, 2 * action]
 * @param noise standard normal numbers, shape [batch, action]
 */
export function squashedSample(head: Tensor, noise: Tensor): SquashedSample {
  const actionSize = noise.shape[1]!;
  const meanBefore = slice(head, 1, 0, actionSize);
  const halfRange = (LOG_STD_HIGH - LOG_STD_LOW) / 2;
  const logStd = add(mul(tanh(slice(head, 1, actionSize)), halfRange), LOG_STD_LOW + halfRange);
  const before = add(meanBefore, mul(exp(logStd), noise));
  const normalLogDensity = sub(mul(mul(noise, noise), -0.5), add(logStd, 0.5 * Math.log(2 * Math.PI)));
  // log(1 - tanh(u)^2) in the form 2 (log 2 - u - softplus(-2 u)), which does not lose digits for large u.
  const logJacobian = mul(sub(Math.LN2, add(before, softplus(mul(before, -2)))), 2);
  return {
    action: tanh(before),
    logProbability: sum(sub(normalLogDensity, logJacobian), { axes: [1], keepDims: true }),
  };
}

/**
 * The action without exploration: the tanh of the mean.
 * @param head the actor's output, shape [batch, 2 * action]
 */
export function squashedMode(head: Tensor): Tensor {
  return tanh(slice(head, 1, 0, head.shape[1]! / 2));
}
