import {
  add,
  concat,
  constant,
  convolve2d,
  expandDims,
  matmul,
  maxPool2d,
  mul,
  type Parameter,
  parameter,
  relu,
  reshape,
  slice,
  softmax,
  sum,
  type Tensor,
  uniformFanIn,
} from '@rapport/nn';
import { type DiffusionConfig, resnetStages } from './config.js';
import { frozenBatchNorm, groupNorm, type Layer, linear, plainConv2d } from './layers.js';

/** [height, width] */
type Size = readonly [number, number];

/** An encoder of pictures [N, 3, H, W], normalised, to features [N, 2 * keypoints]. */
export interface ImageEncoder {
  readonly parameters: readonly Parameter[];
  /** Part of the parameters: statistics of batch normalisation, which no gradient trains. */
  readonly statistics: readonly Parameter[];
  /** The picture's part that is encoded: the whole or a crop, after resizing. */
  readonly cropSize: Size;
  /** Size of the picture that is cropped. */
  readonly resizedSize: Size;
  /** Resizes pictures [N, 3, H, W] when the configuration says so. */
  resize(pictures: Tensor): Tensor;
  /** Encodes crops [N, 3, crop height, crop width]. */
  encode(crops: Tensor): Tensor;
  /** Resizes, crops the centre and encodes: what the policy sees when it acts. */
  apply(pictures: Tensor): Tensor;
}

type VisionConfig = Pick<
  DiffusionConfig,
  'visionBackbone' | 'resizeShape' | 'cropRatio' | 'cropShape' | 'useGroupNorm' | 'spatialSoftmaxNumKeypoints'
>;

/** Each 16 channels are one group where batch normalisation is replaced. */
const CHANNELS_PER_GROUP = 16;

/**
 * LeRobot's image encoder: a residual network (He et al. 2016, arXiv 1512.03385) without its head, spatial softmax
 * (Finn et al. 2016, arXiv 1509.06113, section 4.2) and a linear layer with ReLU; parameters below `prefix` have the names
 * of LeRobot's checkpoints.
 */
export function imageEncoder(prefix: string, config: VisionConfig, picture: Size): ImageEncoder {
  const resizedSize = config.resizeShape ?? picture;
  const cropSize = cropSizeOf(config, resizedSize);
  const trunk = residualNetwork(`${prefix}.backbone`, config.visionBackbone, config.useGroupNorm);
  const keypoints = config.spatialSoftmaxNumKeypoints;
  const pool = spatialSoftmax(`${prefix}.pool`, trunk.channels, keypoints, trunk.mapSize(cropSize));
  const out = linear(`${prefix}.out`, 2 * keypoints, 2 * keypoints);
  const resize = (pictures: Tensor) => resizeBilinear(pictures, resizedSize);
  const encode = (crops: Tensor) => relu(out.apply(pool.apply(trunk.apply(crops))));
  const statistics = [...trunk.parameters, ...pool.parameters].filter(isStatistic);
  return {
    parameters: [...trunk.parameters, ...pool.parameters, ...out.parameters],
    statistics,
    cropSize,
    resizedSize,
    resize,
    encode,
    apply: (pictures) => encode(centerCrop(resize(pictures), cropSize)),
  };
}

/** Running statistics and the grid of coordinates are stored with the weights but not trained. */
function isStatistic({ attributes: { name } }: Parameter): boolean {
  return name.endsWith('.running_mean') || name.endsWith('.running_var') || name.endsWith('.pos_grid');
}

/** With `resizeShape` the crop follows from `cropRatio`, as in LeRobot's configuration class. */
function cropSizeOf({ resizeShape, cropRatio, cropShape }: VisionConfig, resized: Size): Size {
  if (resizeShape === null) return cropShape ?? resized;
  return cropRatio === 1 ? resized : [Math.floor(resized[0] * cropRatio), Math.floor(resized[1] * cropRatio)];
}

/** Cuts out the centre; a half pixel goes to the nearest even offset, as in torchvision. Larger crops get zeros around. */
export function centerCrop(pictures: Tensor, [height, width]: Size): Tensor {
  const [, , fullHeight, fullWidth] = pictures.shape;
  return cropAlong(cropAlong(pictures, 2, fullHeight!, height), 3, fullWidth!, width);
}

function cropAlong(pictures: Tensor, axis: number, full: number, size: number): Tensor {
  if (size <= full) {
    const start = halfToEven((full - size) / 2);
    return slice(pictures, axis, start, start + size);
  }
  const before = Math.floor((size - full) / 2);
  const zerosLike = (length: number) => {
    const shape = pictures.shape.map((one, index) => (index === axis ? length : one));
    return constant(new Float32Array(shape.reduce((product, one) => product * one, 1)), shape);
  };
  const parts = [before, size - full - before].map((length) => (length === 0 ? [] : [zerosLike(length)]));
  return concat([...parts[0]!, pictures, ...parts[1]!], axis);
}

function halfToEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Resizes by a triangle filter that widens when pictures shrink (torchvision's bilinear resizing with antialiasing). */
export function resizeBilinear(pictures: Tensor, [height, width]: Size): Tensor {
  const [, , fullHeight, fullWidth] = pictures.shape;
  if (fullHeight === height && fullWidth === width) return pictures;
  const rows = constant(triangleFilter(fullHeight!, height), [height, fullHeight!]);
  const columns = constant(triangleFilter(fullWidth!, width), [width, fullWidth!]);
  return matmul(rows, matmul(pictures, columns, { transposeB: true }));
}

/** Weights of the source pixels for each target pixel, [to, from]; pixel centres lie at halves. */
function triangleFilter(from: number, to: number): Float32Array {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  const weights = new Float32Array(to * from);
  for (let target = 0; target < to; target++) {
    const center = scale * (target + 0.5);
    const row = Float64Array.from({ length: from }, (_, source) =>
      Math.max(0, 1 - Math.abs((source + 0.5 - center) / reach)),
    );
    const total = row.reduce((sum, weight) => sum + weight, 0);
    weights.set(
      row.map((weight) => weight / total),
      target * from,
    );
  }
  return weights;
}

interface Trunk extends Layer {
  readonly channels: number;
  /** Height and width of the map for a picture. */
  mapSize(picture: Size): Size;
}

function residualNetwork(prefix: string, name: DiffusionConfig['visionBackbone'], useGroupNorm: boolean): Trunk {
  const norm = (key: string, channels: number) =>
    useGroupNorm ? groupNorm(key, channels, channels / CHANNELS_PER_GROUP) : frozenBatchNorm(key, channels);
  const stem = plainConv2d(`${prefix}.0`, 3, 64, { kernel: 7, stride: 2, pad: 3 });
  const stemNorm = norm(`${prefix}.1`, 64);
  let channels = 64;
  const blocks = resnetStages[name].flatMap((count, stage) =>
    Array.from({ length: count }, (_, index) => {
      const outputs = 64 * 2 ** stage;
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const block = basicBlock(`${prefix}.${4 + stage}.${index}`, { inputs: channels, outputs, stride, norm });
      channels = outputs;
      return block;
    }),
  );
  const halved = (size: number, times: number): number =>
    times === 0 ? size : halved(Math.floor((size + 1) / 2), times - 1);
  return {
    channels,
    parameters: [stem, stemNorm, ...blocks].flatMap((layer) => layer.parameters),
    apply: (pictures) => {
      // The largest of what is positive is the positive part of the largest, and there is a quarter of it.
      const first = relu(maxPool2d(stemNorm.apply(stem.apply(pictures)), { kernel: 3, strides: 2, pads: 1 }));
      return blocks.reduce((x, block) => block.apply(x), first);
    },
    mapSize: ([height, width]) => [halved(height, 5), halved(width, 5)],
  };
}

interface BlockOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
  readonly norm: (name: string, channels: number) => Layer;
}

/** Two 3x3 convolutions with a shortcut. */
function basicBlock(name: string, { inputs, outputs, stride, norm }: BlockOptions): Layer {
  const first = plainConv2d(`${name}.conv1`, inputs, outputs, { kernel: 3, stride, pad: 1 });
  const firstNorm = norm(`${name}.bn1`, outputs);
  const second = plainConv2d(`${name}.conv2`, outputs, outputs, { kernel: 3, stride: 1, pad: 1 });
  const secondNorm = norm(`${name}.bn2`, outputs);
  const shortcut =
    stride === 1 && inputs === outputs
      ? []
      : [
          plainConv2d(`${name}.downsample.0`, inputs, outputs, { kernel: 1, stride, pad: 0 }),
          norm(`${name}.downsample.1`, outputs),
        ];
  return {
    parameters: [first, firstNorm, second, secondNorm, ...shortcut].flatMap((layer) => layer.parameters),
    apply: (x) => {
      const y = secondNorm.apply(second.apply(relu(firstNorm.apply(first.apply(x)))));
      return relu(
        add(
          y,
          shortcut.reduce((value, layer) => layer.apply(value), x),
        ),
      );
    },
  };
}

/**
 * Where each of `keypoints` learned maps is large: softmax over the places of a map [N, C, H, W], then the expected (x, y)
 * on a grid from -1 to 1; flattened as x0, y0, x1, y1, ... `NAME.pos_grid` [H W, 2] is stored with the weights.
 */
export function spatialSoftmax(name: string, channels: number, keypoints: number, [height, width]: Size): Layer {
  const fanIn = uniformFanIn(channels);
  const weight = parameter(`${name}.nets.weight`, [keypoints, channels, 1, 1], fanIn);
  const bias = parameter(`${name}.nets.bias`, [keypoints], fanIn);
  const grid = parameter(`${name}.pos_grid`, [height * width, 2], () => positionGrid(height, width));
  return {
    parameters: [weight, bias, grid],
    apply: (x) => {
      const maps = reshape(convolve2d(x, weight, { bias }), [x.shape[0]!, keypoints, height * width]);
      const attention = expandDims(softmax(maps), 3);
      const expected = sum(mul(attention, grid), { axes: [2] });
      return reshape(expected, [x.shape[0]!, 2 * keypoints]);
    },
  };
}

/** Row-major (x, y) of each place, from -1 to 1. */
function positionGrid(height: number, width: number): Float32Array {
  const along = (index: number, count: number) => (count === 1 ? -1 : -1 + (2 * index) / (count - 1));
  const grid = new Float32Array(height * width * 2);
  for (let place = 0; place < height * width; place++) {
    grid[2 * place] = along(place % width, width);
    grid[2 * place + 1] = along(Math.floor(place / width), height);
  }
  return grid;
}
