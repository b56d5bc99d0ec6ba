import { InputError } from '@rapport/core';
import { add } from '../ops/index.js';
import { show } from '../shapes.js';
import { constant, type Primitive, type Tensor, type TensorOf, topologicalOrder } from '../tensor.js';
import { gradientRules, type OperandGradients } from './rules.js';

/**
 * Reverse-mode derivative of a scalar with respect to tensors of its graph. Every node is visited once, so the result
 * grows linearly with the graph. A tensor that the loss does not depend on gets zeros.
 * @param loss float32 scalar
 * @throws InputError when the loss is not a scalar
 */
export function gradient(loss: Tensor, targets: readonly Tensor[]): Tensor[] {
  if (loss.shape.length !== 0 || loss.dtype !== 'float32') {
    throw new InputError(`gradient: the loss is ${loss.dtype} ${show(loss.shape)}; expected a float32 scalar`);
  }
  const order = topologicalOrder([loss]);
  const leadsToTarget = new Set<Tensor>(targets);
  for (const tensor of order) {
    if (tensor.inputs.some((operand) => leadsToTarget.has(operand))) leadsToTarget.add(tensor);
  }
  const gradients = new Map<Tensor, Tensor>([[loss, constant(1)]]);
  for (const tensor of order.reverse()) {
    const dy = gradients.get(tensor);
    if (dy === undefined || !tensor.inputs.some((operand) => leadsToTarget.has(operand))) continue;
    const contributions = applyRule(tensor, dy);
    tensor.inputs.forEach((operand, index) => {
      const contribution = contributions[index];
      if (contribution === undefined || !leadsToTarget.has(operand)) return;
      const soFar = gradients.get(operand);
      gradients.set(operand, soFar === undefined ? contribution : add(soFar, contribution));
    });
  }
  return targets.map((target) => gradients.get(target) ?? zerosLike(target));
}

function applyRule<P extends Primitive>(tensor: TensorOf<P>, dy: Tensor): OperandGradients {
  return gradientRules[tensor.primitive](tensor, dy);
}

function zerosLike(tensor: Tensor): Tensor {
  return constant(new Float32Array(tensor.shape.reduce((product, size) => product * size, 1)), tensor.shape);
}
