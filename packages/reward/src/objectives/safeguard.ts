import {
  add,
  clip,
  div,
  greater,
  mul,
  type Operand,
  square,
  stopGradient,
  sub,
  sum,
  type Tensor,
  where,
} from '@rapport/nn';

/**
 * The loser's denoising loss with its gradient scaled down so far that the step does not, to first order, raise the winner's
 * (Diffusion-SDPO: Fu et al. 2025, arXiv 2511.03317, and the authors' code). The scale is
 * clip((1 - mu) |g_w|^2 / (g_w . g_l), 0, 1) where g_w . g_l > 0 and 1 elsewhere, g the gradients in output space of both
 * losses over the whole batch; they are proportional to the prediction errors. The value stays what it is. Use it as the
 * loser's loss in the score of any pair objective whose target is 1.
 * @param loss the loser's denoising loss, shape [batch]
 * @param winnerError prediction minus target of the winner, any shape
 * @param loserError the same of the loser, at the same noise and noise level
 * @param mu how much of the winner's descent is kept back, in [0, 1]; the code's scripts: 0.9 and 0.6
 */
export function safeguardedLoss(loss: Tensor, winnerError: Tensor, loserError: Tensor, mu: Operand): Tensor {
  const along = sum(mul(winnerError, loserError));
  const conflict = greater(along, 0);
  const limit = div(mul(sub(1, mu), sum(square(winnerError))), where(conflict, along, 1));
  const scale = stopGradient(where(conflict, clip(limit, 0, 1), 1));
  return add(mul(scale, sub(loss, stopGradient(loss))), stopGradient(loss));
}
