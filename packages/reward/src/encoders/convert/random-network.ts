import type { RandomStream } from '@rapport/core';
import { compileFunction, div, heNormal, mean, reshape, sqrt, square, sub, type Tensor } from '@rapport/nn';
import { type Backbone, backboneParameters, type Convolution, namedConvolutions } from './backbone.js';
import { encoderGraph } from './graph.js';
import { lite0Frame } from './torch-networks.js';

/** EfficientNet-Lite0's stages: expansion, output channels, blocks, stride of the first block, kernel. */
const stages = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1, kernel: 3 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2, kernel: 3 },
  { expansion: 6, channels: 40, blocks: 2, stride: 2, kernel: 5 },
  { expansion: 6, channels: 80, blocks: 3, stride: 2, kernel: 3 },
  { expansion: 6, channels: 112, blocks: 3, stride: 1, kernel: 5 },
  { expansion: 6, channels: 192, blocks: 4, stride: 2, kernel: 5 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1, kernel: 3 },
] as const;

const calibrationSize = 112;
const calibrationPictures = 4;

/**
 * The graph of EfficientNet-Lite0 with random weights: He initialisation, then every convolution's weights are divided
 * by the deviation of its output on a few drawn pictures, so that signals neither die out nor sit in ReLU6's bounds
 * (Mishkin and Matas 2016, arXiv 1511.06422). The honest floor to compare pre-trained encoders with.
 */
export async function randomLite0(stream: RandomStream): Promise<Backbone> {
  const drawn = drawWeights(stream.fork('weights'));
  const deviations = await measureDeviations(drawn, drawPictures(stream.fork('pictures')));
  return rescale(drawn, deviations);
}

function drawWeights(stream: RandomStream): Backbone {
  const draw = (outputs: number, inputs: number, kernel: number, stride = 1): Convolution => {
    const shape = [outputs, inputs, kernel, kernel];
    return {
      weight: { shape, data: heNormal(inputs * kernel * kernel)(shape, stream) },
      bias: new Float32Array(outputs),
      stride,
    };
  };
  const stem = draw(32, 3, 3, 2);
  let channels = 32;
  const blocks = stages.flatMap((stage) =>
    Array.from({ length: stage.blocks }, (_, index) => {
      const wide = channels * stage.expansion;
      const expand = stage.expansion === 1 ? undefined : draw(wide, channels, 1);
      const depthwise = draw(wide, 1, stage.kernel, index === 0 ? stage.stride : 1);
      const project = draw(stage.channels, wide, 1);
      channels = stage.channels;
      return { expand, depthwise, project };
    }),
  );
  return { stem, blocks, head: draw(1280, channels, 1), ...lite0Frame };
}

/** Pictures of random rectangles in random colours: edges and flat areas at every scale. */
function drawPictures(stream: RandomStream): Uint8Array {
  const size = calibrationSize;
  const pictures = new Uint8Array(calibrationPictures * size * size * 3);
  for (let picture = 0; picture < calibrationPictures; picture++) {
    for (let rectangle = 0; rectangle < 40; rectangle++) {
      const colour = [stream.integer(256), stream.integer(256), stream.integer(256)];
      const [left, top] = rectangle === 0 ? [0, 0] : [stream.integer(size), stream.integer(size)];
      const right = rectangle === 0 ? size : Math.min(size, left + 1 + stream.integer(size / 2));
      const bottom = rectangle === 0 ? size : Math.min(size, top + 1 + stream.integer(size / 2));
      for (let row = top; row < bottom; row++) {
        for (let column = left; column < right; column++) {
          pictures.set(colour, ((picture * size + row) * size + column) * 3);
        }
      }
    }
  }
  return pictures;
}

/** Deviation of every convolution's output when those before it have been divided by theirs: one run of one graph. */
async function measureDeviations(backbone: Backbone, pictures: Uint8Array): Promise<Record<string, Float32Array>> {
  const outputs: Record<string, Tensor> = {};
  encoderGraph(backbone, calibrationPictures, calibrationSize, (name, output) => {
    const deviation = sqrt(mean(square(sub(output, mean(output)))));
    outputs[name] = reshape(deviation, [1]);
    return div(output, deviation);
  });
  const measure = await compileFunction({ outputs, parameters: backboneParameters(backbone) });
  try {
    return await measure.run({ image: pictures });
  } finally {
    await measure.close();
  }
}

function rescale(backbone: Backbone, deviations: Readonly<Record<string, Float32Array>>): Backbone {
  const rescaled = new Map(
    namedConvolutions(backbone).map(([name, convolution]) => {
      // In steps of 1/16 octave, so that rounding errors that differ between processors do not change the weights.
      const deviation = 2 ** (Math.round(16 * Math.log2(deviations[name]![0]!)) / 16);
      const data = convolution.weight.data.map((value) => value / deviation);
      return [convolution, { ...convolution, weight: { ...convolution.weight, data } }];
    }),
  );
  const of = (convolution: Convolution) => rescaled.get(convolution)!;
  return {
    ...backbone,
    stem: of(backbone.stem),
    blocks: backbone.blocks.map(({ expand, depthwise, project }) => ({
      expand: expand === undefined ? undefined : of(expand),
      depthwise: of(depthwise),
      project: of(project),
    })),
    head: of(backbone.head),
  };
}
