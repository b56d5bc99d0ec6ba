import type { Tensor, TensorOf, Window } from '../tensor.js';
import type { Lowering } from './rules.js';

// Convolutions by 3x3 kernels with less than a third of the multiplications (Winograd 1980; Lavin and Gray 2016, arXiv
// 1509.09308): a tile of 3x3 outputs is a linear function of the products, number by number, of 25 linear functions of the
// kernel and as many of the 5x5 pixels under the tile. Over channels, tiles and images these are 25 products of matrices.
// The linear functions of whole maps, padding included, are products with one constant matrix per axis.

/** Along one axis: outputs of a tile, pixels under it, taps of the kernel. */
const OUTPUTS = 3;
const PIXELS = 5;
const TAPS = 3;

/** Interpolation at 0, 1, -1, 2 and infinity: along one axis y = A ((G g) * (B d)). */
const A = [
  [1, 1, 1, 1, 0],
  [0, 1, -1, 2, 0],
  [0, 1, 1, 4, 1],
];
const B = [
  [2, -1, -2, 1, 0],
  [0, -2, -1, 1, 0],
  [0, 2, -3, 1, 0],
  [0, -1, 0, 1, 0],
  [0, 2, -1, -2, 1],
];
const G = [
  [1 / 2, 0, 0],
  [-1 / 2, -1 / 2, -1 / 2],
  [-1 / 6, 1 / 6, -1 / 6],
  [1 / 6, 1 / 3, 2 / 3],
  [0, 0, 1],
];

/** With fewer channels or images, or larger maps, the linear functions cost more than the products save. */
const MIN_CHANNELS = 64;
const MIN_IMAGES = 16;
const MAX_SIDE = 24;

/** Sizes of a convolution, as its gradients see them too. */
export interface ConvolutionSizes {
  readonly images: number;
  readonly channels: number;
  readonly outputs: number;
  readonly kernel: readonly [number, number];
  /** [height, width] */
  readonly input: readonly [number, number];
  readonly output: readonly [number, number];
  readonly window: Window & { readonly groups: number };
}

/**
 * Whether a convolution is faster this way, in a graph that holds the gradient of its weights: that uses the functions of
 * the pixels again, and without gradients baked weights are faster.
 */
export function isForWinograd({ dialect, present }: Lowering, sizes: ConvolutionSizes): boolean {
  const { images, channels, outputs, kernel, input, output, window } = sizes;
  const { strides, dilations, pads, groups } = window;
  const isPlain = [...strides, ...dilations, groups].every((size) => size === 1);
  const fits = kernel.every((size) => size === TAPS) && pads.every((size) => size < TAPS);
  const isLarge = images >= MIN_IMAGES && Math.min(channels, outputs) >= MIN_CHANNELS;
  const isSmallMap = [...input, ...output].every((size) => size <= MAX_SIDE);
  return dialect === 'runtime' && present.has('conv2dWeightGradient') && isPlain && fits && isLarge && isSmallMap;
}

/** x [N, C, H, W] with weights [O, C, 3, 3], without a bias. */
export function convolutionByTiles(
  { inputs: [x, weight], shape }: TensorOf<'conv2d'>,
  sizes: ConvolutionSizes,
  to: Lowering,
): string {
  const operands = [pixelNumbers(to, x!, sizes), kernelNumbers(to, weight!)];
  const products = to.graph.emitMicrosoft('FusedMatMul', operands, { transB: 1 });
  return mapsOfNumbers(to, products, sizes, outputMatrices(to, sizes), shape);
}

/** The same steps, each transposed, in the opposite order. */
export function inputGradientByTiles(
  { inputs: [outputGradient, weight], shape }: TensorOf<'conv2dInputGradient'>,
  sizes: ConvolutionSizes,
  to: Lowering,
): string {
  const operands = [productGradients(to, outputGradient!, sizes), kernelNumbers(to, weight!)];
  const numbers = to.graph.emit('MatMul', operands);
  return mapsOfNumbers(to, numbers, sizes, pixelMatrices(to, sizes), shape);
}

/** The gradients of the 25 functions of each kernel, summed over tiles and images, and from them those of its taps. */
export function weightGradientByTiles(
  { inputs: [x, outputGradient], shape }: TensorOf<'conv2dWeightGradient'>,
  sizes: ConvolutionSizes,
  to: Lowering,
): string {
  const { graph } = to;
  const { channels, outputs } = sizes;
  const [, columns] = tileCounts(sizes);
  const operands = [productGradients(to, outputGradient!, sizes), pixelNumbers(to, x!, sizes)];
  const perColumn = graph.emitMicrosoft('FusedMatMul', operands, { transA: 1 });
  const rows = graph.emit('Reshape', [perColumn, graph.integers([PIXELS * columns * PIXELS, outputs * channels])]);
  const kernels = graph.emit('Gemm', [rows, kernelMatrix(to, columns)], { transA: 1 });
  return graph.emit('Reshape', [kernels, graph.integers(shape)]);
}

/** Shape of 25 numbers per tile: across, columns of tiles, down, rows of tiles and images, channels. */
function numbersShape(sizes: ConvolutionSizes, channels: number): number[] {
  const [rows, columns] = tileCounts(sizes);
  return [PIXELS, columns, PIXELS, rows * sizes.images, channels];
}

/** The functions of the pixels under every tile; made once for a convolution and the gradient of its weights. */
function pixelNumbers(to: Lowering, x: Tensor, sizes: ConvolutionSizes): string {
  const { channels, input, output, window } = sizes;
  const key = `pixels of ${to.name(x)} at ${window.pads} for ${output}`;
  return numbersOfMaps(to, key, x, { sizes, channels, size: input, matrices: pixelMatrices(to, sizes) });
}

/** The gradients of the products of every tile; made once for both gradients of a convolution. */
function productGradients(to: Lowering, outputGradient: Tensor, sizes: ConvolutionSizes): string {
  const { outputs, output } = sizes;
  const key = `products of ${to.name(outputGradient)}`;
  return numbersOfMaps(to, key, outputGradient, {
    sizes,
    channels: outputs,
    size: output,
    matrices: outputMatrices(to, sizes),
  });
}

/** One matrix per axis, [5 tiles, size]. */
type Matrices = readonly [vertical: string, horizontal: string];

/** 25 numbers per tile out of maps [N, channels, H, W]. */
function numbersOfMaps(
  { graph, name, shared }: Lowering,
  key: string,
  x: Tensor,
  of: {
    readonly sizes: ConvolutionSizes;
    readonly channels: number;
    readonly size: readonly [number, number];
    readonly matrices: Matrices;
  },
): string {
  const [numbers] = shared(key, () => {
    const maps = of.sizes.images * of.channels;
    const [height, width] = of.size;
    const [vertical, horizontal] = of.matrices;
    const lines = graph.emit('Reshape', [name(x), graph.integers([maps * height, width])]);
    const across = graph.emit('Gemm', [horizontal, lines], { transB: 1 });
    const split = graph.emit('Reshape', [across, graph.integers([-1, maps, height])]);
    const down = graph.emitMicrosoft('FusedMatMul', [vertical, split], { transB: 1 });
    return [graph.emit('Reshape', [down, graph.integers(numbersShape(of.sizes, of.channels))])];
  });
  return numbers!;
}

/** Maps of the given shape out of 25 numbers per tile: `numbersOfMaps` transposed. */
function mapsOfNumbers(
  to: Lowering,
  numbers: string,
  sizes: ConvolutionSizes,
  [vertical, horizontal]: Matrices,
  shape: readonly number[],
): string {
  const { graph } = to;
  const [images, channels, height] = shape as [number, number, number];
  const [rows, columns] = tileCounts(sizes);
  const split = graph.emit('Reshape', [numbers, graph.integers([PIXELS * columns, PIXELS * rows, images * channels])]);
  const down = graph.emitMicrosoft('FusedMatMul', [split, vertical], { transA: 1 });
  const lines = graph.emit('Reshape', [down, graph.integers([PIXELS * columns, images * channels * height])]);
  const across = graph.emit('Gemm', [lines, horizontal], { transA: 1 });
  return graph.emit('Reshape', [across, graph.integers(shape)]);
}

/** From the pixels along an axis to the functions of each tile. */
function pixelMatrices(to: Lowering, { input, output, window: { pads } }: ConvolutionSizes): Matrices {
  return onAxes((axis) =>
    axisMatrix(to, `pixels, padding ${pads[axis]}`, input[axis], output[axis], (number, tile, place) => {
      return B[number]![place + pads[axis] - OUTPUTS * tile];
    }),
  );
}

/** From the outputs along an axis to the products of each tile: the transpose of what the products become. */
function outputMatrices(to: Lowering, { output }: ConvolutionSizes): Matrices {
  return onAxes((axis) =>
    axisMatrix(to, 'outputs', output[axis], output[axis], (number, tile, place) => A[place - OUTPUTS * tile]?.[number]),
  );
}

function onAxes(make: (axis: 0 | 1) => string): Matrices {
  return [make(0), make(1)];
}

/** A constant [5 tiles, size] whose coefficients are zero where none is given. */
function axisMatrix(
  { graph, shared }: Lowering,
  kind: string,
  size: number,
  outputSize: number,
  coefficient: (number: number, tile: number, place: number) => number | undefined,
): string {
  const [matrix] = shared(`${kind}: ${size} to ${outputSize}`, () => {
    const tiles = tileCount(outputSize);
    const values = Float32Array.from({ length: PIXELS * tiles * size }, (_, at) => {
      const row = Math.floor(at / size);
      return coefficient(Math.floor(row / tiles), row % tiles, at % size) ?? 0;
    });
    return [graph.constant(values, [PIXELS * tiles, size])];
  });
  return matrix!;
}

/** The 25 functions of every kernel, [5, 1, 5, O, C]; made once for a convolution and the gradient of its input. */
function kernelNumbers(to: Lowering, weight: Tensor): string {
  const { graph, name, shared } = to;
  const [numbers] = shared(`functions of kernels ${name(weight)}`, () => {
    const [outputs, channels] = weight.shape;
    const taps = graph.emit('Reshape', [name(weight), graph.integers([outputs! * channels!, TAPS * TAPS])]);
    const flat = graph.emit('Gemm', [kernelMatrix(to, 1), taps], { transB: 1 });
    return [graph.emit('Reshape', [flat, graph.integers([PIXELS, 1, PIXELS, outputs!, channels!])])];
  });
  return numbers!;
}

/** From the taps of a kernel to its functions, those across repeated for every column of tiles: [5 columns 5, 9]. */
function kernelMatrix({ graph, shared }: Lowering, columns: number): string {
  const [matrix] = shared(`kernel matrix for ${columns}`, () => {
    const taps = TAPS * TAPS;
    const values = Float32Array.from({ length: PIXELS * columns * PIXELS * taps }, (_, at) => {
      const [row, tap] = [Math.floor(at / taps), at % taps];
      return G[Math.floor(row / (columns * PIXELS))]![tap % TAPS]! * G[row % PIXELS]![Math.floor(tap / TAPS)]!;
    });
    return [graph.constant(values, [PIXELS * columns * PIXELS, taps])];
  });
  return matrix!;
}

function tileCounts({ output: [height, width] }: ConvolutionSizes): [rows: number, columns: number] {
  return [tileCount(height), tileCount(width)];
}

function tileCount(size: number): number {
  return Math.ceil(size / OUTPUTS);
}
