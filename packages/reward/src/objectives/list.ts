import { InputError } from '@rapport/core';
import { add, logSumExp, reshape, slice, sub, type Tensor } from '@rapport/nn';

/**
 * Negative log-likelihood of a ranking under the Plackett-Luce model (Plackett 1975; Luce 1959): the best item wins a
 * softmax over all, the second one over the rest, and so on. With two items it is `bradleyTerry` of their difference.
 * @param scores shape [batch, items], each row ordered from the best item to the worst
 * @returns shape [batch]
 */
export function plackettLuce(scores: Tensor): Tensor {
  const [batch, items] = scores.shape;
  if (scores.shape.length !== 2 || items === undefined || batch === undefined || items < 2) {
    throw new InputError(`plackettLuce scores have shape [${scores.shape.join(', ')}]; expected [batch, 2 or more]`);
  }
  let total: Tensor | undefined;
  for (let place = 0; place < items - 1; place++) {
    const rest = slice(scores, 1, place);
    const winner = reshape(slice(scores, 1, place, place + 1), [batch]);
    const term = sub(logSumExp(rest, { axes: [1] }), winner);
    total = total === undefined ? term : add(total, term);
  }
  return total!;
}
