import { broadcastShapes, sameShape } from '../shapes.js';
import { constant, type DataType, isMadeBy, makeTensor, type Tensor } from '../tensor.js';

/** An operand: a tensor, or a number that becomes a float32 scalar. */
export type Operand = Tensor | number;

function tensor(operand: Operand): Tensor {
  return typeof operand === 'number' ? constant(operand) : operand;
}

/** An arithmetic operator. It repeats its operands itself: those that were repeated are taken as they were before. */
function arithmetic(primitive: 'add' | 'sub' | 'mul' | 'div', left: Operand, right: Operand): Tensor {
  const [a, b] = [tensor(left), tensor(right)];
  const shape = broadcastShapes(primitive, a.shape, b.shape);
  const before = (x: Tensor) => (isMadeBy(x, 'broadcastTo') ? x.inputs[0]! : x);
  const once = makeTensor(primitive, [before(a), before(b)], {});
  return sameShape(once.shape, shape) ? once : makeTensor('broadcastTo', [once], { shape });
}

// Operands broadcast as in NumPy.
export const add = (a: Operand, b: Operand): Tensor => arithmetic('add', a, b);
export const sub = (a: Operand, b: Operand): Tensor => arithmetic('sub', a, b);
export const mul = (a: Operand, b: Operand): Tensor => arithmetic('mul', a, b);
export const div = (a: Operand, b: Operand): Tensor => arithmetic('div', a, b);
/** Where the operands are equal the gradient goes to the first. */
export const minimum = (a: Operand, b: Operand): Tensor => makeTensor('minimum', [tensor(a), tensor(b)], {});
/** Where the operands are equal the gradient goes to the first. */
export const maximum = (a: Operand, b: Operand): Tensor => makeTensor('maximum', [tensor(a), tensor(b)], {});

export const neg = (x: Tensor): Tensor => makeTensor('neg', [x], {});
export const abs = (x: Tensor): Tensor => makeTensor('abs', [x], {});
export const exp = (x: Tensor): Tensor => makeTensor('exp', [x], {});
export const log = (x: Tensor): Tensor => makeTensor('log', [x], {});
export const sqrt = (x: Tensor): Tensor => makeTensor('sqrt', [x], {});
export const sin = (x: Tensor): Tensor => makeTensor('sin', [x], {});
export const cos = (x: Tensor): Tensor => makeTensor('cos', [x], {});
/** The error function. */
export const erf = (x: Tensor): Tensor => makeTensor('erf', [x], {});
export const square = (x: Tensor): Tensor => makeTensor('square', [x], {});
/** x to a fixed power. */
export const pow = (x: Tensor, exponent: number): Tensor => makeTensor('pow', [x], { exponent });
/** x limited to [low, high]; the gradient is 1 inside and at the bounds, 0 outside. */
export const clip = (x: Tensor, low: number, high: number): Tensor => makeTensor('clip', [x], { low, high });

export const relu = (x: Tensor): Tensor => makeTensor('relu', [x], {});
export const tanh = (x: Tensor): Tensor => makeTensor('tanh', [x], {});
export const sigmoid = (x: Tensor): Tensor => makeTensor('sigmoid', [x], {});
/** log(1 + exp(x)), without overflow. */
export const softplus = (x: Tensor): Tensor => makeTensor('softplus', [x], {});
/** log(sigmoid(x)) = -softplus(-x), without overflow. */
export const logSigmoid = (x: Tensor): Tensor => neg(softplus(neg(x)));
/** x * sigmoid(x), also called swish. */
export const silu = (x: Tensor): Tensor => mul(x, sigmoid(x));
/** x * tanh(softplus(x)) (Misra 2019, arXiv 1908.08681). */
export const mish = (x: Tensor): Tensor => makeTensor('mish', [x], {});
/** x * Phi(x) with the exact normal distribution function (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
export const gelu = (x: Tensor): Tensor => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));

// Comparisons give bool tensors and have no gradient.
export const less = (a: Operand, b: Operand): Tensor => makeTensor('less', [tensor(a), tensor(b)], {});
export const lessOrEqual = (a: Operand, b: Operand): Tensor => makeTensor('lessOrEqual', [tensor(a), tensor(b)], {});
export const greater = (a: Operand, b: Operand): Tensor => less(b, a);
export const greaterOrEqual = (a: Operand, b: Operand): Tensor => lessOrEqual(b, a);
export const equal = (a: Operand, b: Operand): Tensor => makeTensor('equal', [tensor(a), tensor(b)], {});
export const logicalNot = (x: Tensor): Tensor => makeTensor('logicalNot', [x], {});
export const logicalAnd = (a: Tensor, b: Tensor): Tensor => makeTensor('logicalAnd', [a, b], {});
/** a where the condition holds, b elsewhere. */
export const where = (condition: Tensor, a: Operand, b: Operand): Tensor =>
  makeTensor('where', [condition, tensor(a), tensor(b)], {});

/** Another element type. Gradients pass only from float32 to float32. */
export const cast = (x: Tensor, dtype: DataType): Tensor =>
  x.dtype === dtype ? x : makeTensor('cast', [x], { dtype });
/** The same value, through which no gradient flows. */
export const stopGradient = (x: Tensor): Tensor => makeTensor('stopGradient', [x], {});
