import { makeTensor, sizeOf, type Tensor } from '../tensor.js';
import { reshape } from './layout.js';

/** Whether the last two axes of an operand are swapped before the product. */
export interface MatmulOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
}

/** Matrix product over the last two axes; leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false }: MatmulOptions = {}): Tensor {
  // A stack of rows times one matrix is one large product, and its weight gradient too.
  if (a.shape.length > 2 && b.shape.length === 2 && !transposeA) {
    const rows = reshape(a, [sizeOf(a.shape.slice(0, -1)), a.shape.at(-1)!]);
    const product = makeTensor('matmul', [rows, b], { transposeA, transposeB });
    return reshape(product, [...a.shape.slice(0, -1), product.shape[1]!]);
  }
  return makeTensor('matmul', [a, b], { transposeA, transposeB });
}

/** x W^T + b for x [..., I], W [O, I] and b [O]: torch's Linear. */
export function affine(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const rows = reshape(x, [sizeOf(x.shape.slice(0, -1)), x.shape.at(-1)!]);
  const product = makeTensor('gemm', [rows, weight, bias], { transposeA: false, transposeB: true });
  return reshape(product, [...x.shape.slice(0, -1), product.shape[1]!]);
}
