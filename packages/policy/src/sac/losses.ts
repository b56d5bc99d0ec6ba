import { add, concat, exp, input, mean, minimum, mul, neg, square, sub, type Tensor } from '@rapport/nn';
import type { SacConfig } from './config.js';
import { type SacNetworks, squashedSample } from './networks.js';

export interface SacLosses {
  readonly critic: Tensor;
  readonly actor: Tensor;
  readonly temperature: Tensor;
  readonly temperatureValue: Tensor;
  readonly entropy: Tensor;
}

/**
 * The three losses of soft actor-critic with learned temperature (arXiv 1812.05905, equations 5, 7 and 18), on inputs
 * `observation` [batch, o], `action` [batch, a], `reward` [batch, 1], `nextObservation` [batch, o], `continues`
 * [batch, 1], `noise` and `nextNoise` [batch, a]. Each loss is to be differentiated with respect to its own
 * parameters only; what it takes from the other networks then counts as given.
 */
export function sacLosses(
  networks: SacNetworks,
  config: SacConfig,
  observationSize: number,
  actionSize: number,
): SacLosses {
  const batch = config.batchSize;
  const observation = input('observation', [batch, observationSize]);
  const action = input('action', [batch, actionSize]);
  const reward = input('reward', [batch, 1]);
  const nextObservation = input('nextObservation', [batch, observationSize]);
  const continues = input('continues', [batch, 1]);
  const temperatureValue = exp(networks.logTemperature);

  const next = squashedSample(networks.actor.apply(nextObservation), input('nextNoise', [batch, actionSize]));
  const [nextValue1, nextValue2] = applyBoth(networks.targetCritics, nextObservation, next.action);
  const nextValue = sub(minimum(nextValue1, nextValue2), mul(temperatureValue, next.logProbability));
  const target = add(reward, mul(mul(continues, nextValue), config.discount));
  const [value1, value2] = applyBoth(networks.critics, observation, action);
  const critic = add(mean(square(sub(value1, target))), mean(square(sub(value2, target))));

  const now = squashedSample(networks.actor.apply(observation), input('noise', [batch, actionSize]));
  const [nowValue1, nowValue2] = applyBoth(networks.critics, observation, now.action);
  const actor = mean(sub(mul(temperatureValue, now.logProbability), minimum(nowValue1, nowValue2)));

  const entropy = neg(mean(now.logProbability));
  const targetEntropy = config.targetEntropyPerAction * actionSize;
  const temperature = mean(mul(temperatureValue, sub(entropy, targetEntropy)));
  return { critic, actor, temperature, temperatureValue: mean(temperatureValue), entropy };
}

function applyBoth(critics: SacNetworks['critics'], observation: Tensor, action: Tensor): [Tensor, Tensor] {
  const both = concat([observation, action], 1);
  return [critics[0].apply(both), critics[1].apply(both)];
}
