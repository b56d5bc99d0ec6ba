import type { RandomStream } from '@rapport/core';
import { type Shape, sizeOf } from './tensor.js';

/** Draws the first value of a parameter: flat row-major, as many numbers as the shape holds. */
export type Initializer = (shape: Shape, stream: RandomStream) => Float32Array;

/** All zeros. */
export const zeros: Initializer = (shape) => new Float32Array(sizeOf(shape));

/** Every element the same number. */
export function filled(value: number): Initializer {
  return (shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/** A given value, for example a pre-trained weight; nothing is drawn. */
export function given(data: Float32Array): Initializer {
  return () => data.slice();
}

/** Uniform in [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (shape, stream) => Float32Array.from({ length: sizeOf(shape) }, () => stream.uniformBetween(-bound, bound));
}

/** Uniform in +-1/sqrt(fan in): what torch's Linear and Conv2d use for weights and biases. */
export function uniformFanIn(fanIn: number): Initializer {
  return uniform(1 / Math.sqrt(fanIn));
}

/** Normal around 0. */
export function normal(deviation: number): Initializer {
  return (shape, stream) => stream.fillNormal(new Float32Array(sizeOf(shape))).map((value) => value * deviation);
}

/** Normal with deviation sqrt(2 / fan in), for ReLU networks (He et al. 2015, arXiv 1502.01852, eq. 10). */
export function heNormal(fanIn: number): Initializer {
  return normal(Math.sqrt(2 / fanIn));
}

/**
 * Orthonormal rows or columns times `gain` (Saxe et al. 2014, arXiv 1312.6120): Gram-Schmidt on a normal matrix whose
 * rows are axis 0 and whose columns are the remaining axes.
 */
export function orthogonal(gain = 1): Initializer {
  return (shape, stream) => {
    const rows = shape[0] ?? 1;
    const columns = sizeOf(shape) / rows;
    const [count, length] = [Math.min(rows, columns), Math.max(rows, columns)];
    const basis = Array.from({ length: count }, () => Float64Array.from({ length }, () => stream.normal()));
    basis.forEach((vector, index) => {
      for (const earlier of basis.slice(0, index)) {
        const along = dot(vector, earlier);
        for (let k = 0; k < length; k++) vector[k]! -= along * earlier[k]!;
      }
      const norm = Math.sqrt(dot(vector, vector));
      for (let k = 0; k < length; k++) vector[k]! /= norm;
    });
    const out = new Float32Array(rows * columns);
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const value = rows <= columns ? basis[row]![column]! : basis[column]![row]!;
        out[row * columns + column] = gain * value;
      }
    }
    return out;
  };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index++) sum += a[index]! * b[index]!;
  return sum;
}
