/**
 * The temperature at which logistic probabilities of differences explain the outcomes best: least mean of
 * softplus(-difference / temperature) over differences "preferred minus other" (temperature scaling, Guo et al. 2017,
 * section 4.2), by golden-section search over its logarithm. Differences that are all right would want a temperature of
 * zero; the range keeps it finite.
 * @param differences not empty
 */
export function fitTemperature(differences: readonly number[]): number {
  const size = Math.sqrt(differences.reduce((sum, difference) => sum + difference ** 2, 0) / differences.length) || 1;
  const loss = (logTemperature: number): number => {
    const scale = 1 / Math.exp(logTemperature);
    return differences.reduce((sum, difference) => sum + softplus(-difference * scale), 0);
  };
  let low = Math.log(size / 10);
  let high = Math.log(size * 10);
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let round = 0; round < 60; round++) {
    const left = high - golden * (high - low);
    const right = low + golden * (high - low);
    if (loss(left) < loss(right)) high = right;
    else low = left;
  }
  return Math.exp((low + high) / 2);
}

/** log(1 + exp(x)) without overflow. */
function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

/** 1 / (1 + exp(-x)). */
export function logistic(x: number): number {
  return 1 / (1 + Math.exp(-x));
}
