import { InputError, RandomStream } from '@rapport/core';
import { compileFunction, input, type ParameterValues, sizeOf } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { applyHead, type HeadShape, headGraph, headParameters } from './head.js';

const heads: readonly HeadShape[] = [
  { kind: 'linear', featureSize: 10, embeddingSize: 4 },
  { kind: 'convolution', featureSize: 5 * 49, embeddingSize: 4 },
];

describe('applyHead', () => {
  for (const shape of heads) {
    it(`computes what the graph of a ${shape.kind} head does`, async () => {
      const stream = new RandomStream(1, 'head');
      const parameters: ParameterValues = Object.fromEntries(
        Object.entries(headParameters(shape)).map(([name, sizes]) => [
          name,
          { shape: sizes, data: stream.fillNormal(new Float32Array(sizeOf(sizes))) },
        ]),
      );
      const features = stream.fillNormal(new Float32Array(3 * shape.featureSize));
      const compiled = await compileFunction({
        outputs: { embedded: headGraph(shape).apply(input('features', [3, shape.featureSize])) },
        parameters,
      });
      const { embedded } = await compiled.run({ features });
      await compiled.close();
      const plain = applyHead(shape, parameters, features);
      expect(plain).toHaveLength(12);
      plain.forEach((value, index) => {
        expect(value).toBeCloseTo(embedded[index]!, 3);
      });
    });
  }

  it('refuses a convolution on features that are no map', () => {
    expect(() => headGraph({ kind: 'convolution', featureSize: 304, embeddingSize: 4 })).toThrow(InputError);
  });
});
