import { show } from './shapes.js';
import { type Tensor, topologicalOrder } from './tensor.js';

/**
 * A graph as text, one tensor a line: `%3 = matmul(%0, %2) { transposeB: true } : float32 [8, 4]`. Outputs stand last,
 * by name.
 */
export function formatGraph(outputs: Readonly<Record<string, Tensor>>): string {
  const order = topologicalOrder(Object.values(outputs));
  const numbers = new Map(order.map((tensor, index) => [tensor, index]));
  const lines = order.map((tensor, index) => {
    const operands = tensor.inputs.map((operand) => `%${numbers.get(operand)}`).join(', ');
    return `%${index} = ${tensor.primitive}(${operands})${attributesText(tensor)} : ${tensor.dtype} ${show(tensor.shape)}`;
  });
  for (const [name, tensor] of Object.entries(outputs)) lines.push(`${name} = %${numbers.get(tensor)}`);
  return lines.join('\n');
}

function attributesText({ attributes, shape }: Tensor): string {
  const parts = Object.entries(attributes).flatMap(([name, value]: [string, unknown]) => {
    // The shape and type stand at the end of the line anyway, and functions say nothing.
    if (typeof value === 'function' || name === 'dtype' || (name === 'shape' && String(value) === String(shape)))
      return [];
    return [`${name}: ${valueText(value)}`];
  });
  return parts.length === 0 ? '' : ` { ${parts.join(', ')} }`;
}

function valueText(value: unknown): string {
  if (ArrayBuffer.isView(value) && 'length' in value && typeof value.length === 'number') {
    return value.length === 1 && Symbol.iterator in value ? String(value) : `(${value.length} values)`;
  }
  return Array.isArray(value) ? `[${value.join(', ')}]` : String(value);
}
