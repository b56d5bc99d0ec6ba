import { mul, reshape, scatterAdd } from '../ops/index.js';
import { constant, makeTensor, sizeOf, type Tensor, type TensorOf } from '../tensor.js';

/** Every output gradient added to the position that won its window. */
export function maxPoolInputGradient(y: TensorOf<'maxPool2d'>, dy: Tensor): Tensor {
  const [x] = y.inputs;
  const winners = makeTensor('maxPool2dIndices', [x!], y.attributes);
  const count = sizeOf(y.shape);
  const flat = scatterAdd(reshape(dy, [count]), reshape(winners, [count]), 0, sizeOf(x!.shape));
  return reshape(flat, x!.shape);
}

/** Every output gradient, divided by the elements its window averaged, spread over the window by a kernel of ones. */
export function averagePoolInputGradient(y: TensorOf<'averagePool2d'>, dy: Tensor): Tensor {
  const { kernel, countPadding: _, ...window } = y.attributes;
  const [, channels, height, width] = y.inputs[0]!.shape;
  const ones = constant(new Float32Array(channels! * kernel[0] * kernel[1]).fill(1), [channels!, 1, ...kernel]);
  return makeTensor('conv2dInputGradient', [mul(dy, inverseCounts(y)), ones], {
    ...window,
    groups: channels!,
    inputSize: [height!, width!],
  });
}

/** 1 / number of averaged elements per window, [1, 1, H', W']. */
function inverseCounts(y: TensorOf<'averagePool2d'>): Tensor {
  const { kernel, strides, pads, countPadding } = y.attributes;
  const [, , height, width] = y.inputs[0]!.shape;
  const [, , rows, columns] = y.shape;
  const inside = (axis: 0 | 1, position: number, size: number): number => {
    const start = position * strides[axis] - pads[axis];
    return countPadding ? kernel[axis] : Math.min(start + kernel[axis], size) - Math.max(start, 0);
  };
  const counts = new Float32Array(rows! * columns!);
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < columns!; column++) {
      counts[row * columns! + column] = 1 / (inside(0, row, height!) * inside(1, column, width!));
    }
  }
  return constant(counts, [1, 1, rows!, columns!]);
}
