import { makeTensor, type PoolWindow, type Tensor, type Window } from '../tensor.js';
import { add } from './elementwise.js';
import { reshape } from './layout.js';
import { mean } from './reductions.js';

type Pair = readonly [number, number];

/** Sizes of a convolution; a single number stands for both directions or all sides. */
export interface ConvolutionOptions {
  readonly strides?: number | Pair;
  /** [top, left, bottom, right] */
  readonly pads?: number | readonly [number, number, number, number];
  readonly dilations?: number | Pair;
  readonly groups?: number;
}

/** Sizes of a pooling window; the stride is the kernel size by default. */
export interface PoolOptions {
  readonly kernel: number | Pair;
  readonly strides?: number | Pair;
  readonly pads?: number | readonly [number, number, number, number];
}

/** Cross-correlation of x [N, C, H, W] with weights [O, C / groups, kH, kW], plus a bias [O]. */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  options: ConvolutionOptions & { readonly bias?: Tensor } = {},
): Tensor {
  const { strides = 1, pads = 0, dilations = 1, groups = 1, bias } = options;
  return makeTensor('conv2d', bias === undefined ? [x, weight] : [x, weight, bias], {
    ...window(strides, pads, dilations),
    groups,
  });
}

/**
 * Transposed convolution of x [N, I, H, W] with weights [I, O, kH, kW], plus a bias [O]: torch's ConvTranspose2d. Its
 * result is (H - 1) strides - pads + kH high, and as wide accordingly.
 */
export function transposedConv2d(
  x: Tensor,
  weight: Tensor,
  options: {
    readonly strides?: number | Pair;
    readonly pads?: ConvolutionOptions['pads'];
    readonly bias?: Tensor;
  } = {},
): Tensor {
  const shape = window(options.strides ?? 1, options.pads ?? 0, 1);
  const size = (axis: 0 | 1) =>
    (x.shape[2 + axis]! - 1) * shape.strides[axis] -
    shape.pads[axis] -
    shape.pads[axis + 2]! +
    (weight.shape[2 + axis] ?? 0);
  const attributes = { ...shape, groups: 1, inputSize: [size(0), size(1)] as const };
  const y = makeTensor('conv2dInputGradient', [x, weight], attributes);
  return options.bias === undefined ? y : add(y, reshape(options.bias, [-1, 1, 1]));
}

/** Largest element per window of x [N, C, H, W]; padding never wins. */
export function maxPool2d(x: Tensor, options: PoolOptions): Tensor {
  return makeTensor('maxPool2d', [x], poolWindow(options));
}

/** Mean per window of x [N, C, H, W]; padding counts as zeros only with `countPadding`. */
export function averagePool2d(x: Tensor, options: PoolOptions & { readonly countPadding?: boolean }): Tensor {
  return makeTensor('averagePool2d', [x], { ...poolWindow(options), countPadding: options.countPadding ?? false });
}

/** Mean over height and width: [N, C, H, W] to [N, C]. */
export function globalAveragePool(x: Tensor): Tensor {
  return mean(x, { axes: [2, 3] });
}

function poolWindow({ kernel, strides, pads = 0 }: PoolOptions): PoolWindow {
  return { kernel: pair(kernel), ...window(strides ?? kernel, pads, 1) };
}

function window(
  strides: number | Pair,
  pads: number | readonly [number, number, number, number],
  dilations: number | Pair,
): Window {
  return {
    strides: pair(strides),
    pads: typeof pads === 'number' ? [pads, pads, pads, pads] : pads,
    dilations: pair(dilations),
  };
}

function pair(value: number | Pair): Pair {
  return typeof value === 'number' ? [value, value] : value;
}
