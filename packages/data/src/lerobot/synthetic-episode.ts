import { boxSpace, type Episode, type RecordedEpisode, type Scene } from '@rapport/core';
import type { CreateDatasetOptions } from './new-dataset.js';

/** A small planar scene for tests: one moving body, one fixed. */
export const SCENE: Scene = {
  view: 'planar',
  bounds: { min: [-1, -1, 0], max: [1, 1, 0.1] },
  bodies: [
    { name: 'block', pose: 'planar', shapes: [{ kind: 'box', halfExtents: [0.1, 0.1, 0.05], colour: [200, 30, 30] }] },
    {
      name: 'zone',
      pose: 'fixed',
      shapes: [
        {
          kind: 'prism',
          outline: [
            [0, 0],
            [1, 0],
            [0, 1],
          ],
          bottom: 0,
          top: 0.01,
          colour: [20, 200, 60],
          opacity: 0.5,
          position: [0, 0.5, 0],
        },
      ],
    },
  ],
};

const CAMERA = { camera: 'top', width: 64, height: 64 };
const SPACE = (names: string[]) => boxSpace(names.map((name) => ({ name, unit: 'm', low: -Infinity, high: 1 })));

/** Options of a dataset that `syntheticEpisode` fits. */
export const SYNTHETIC_OPTIONS: CreateDatasetOptions = {
  envId: 'test/arena',
  fps: 20,
  observationSpace: SPACE(['x', 'y', 'angle']),
  actionSpace: SPACE(['vx', 'vy']),
  cameras: [CAMERA],
  robotType: 'test_robot',
};

/**
 * An episode whose every number follows from its seed, so that what comes back can be computed again. Each picture
 * carries the step as eight black or white blocks of 8x8 pixels along its lower edge (bit 0 left), which survives
 * video compression, above it a ground that gets brighter with the step.
 */
export function syntheticEpisode(seed: number, length: number): RecordedEpisode {
  const numbers = (count: number, salt: number) =>
    Float32Array.from({ length: count }, (_, index) => Math.sin(seed * 1000 + salt * 100 + index));
  const { width, height } = CAMERA;
  const data = new Uint8Array(length * width * height * 3);
  for (let step = 0; step < length; step++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const offset = ((step * height + y) * width + x) * 3;
        const mark = y >= height - 8 ? ((step >> (x >> 3)) & 1) * 255 : undefined;
        data[offset] = mark ?? 40 + step;
        data[offset + 1] = mark ?? 120;
        data[offset + 2] = mark ?? 200 - (seed % 100);
      }
    }
  }
  const episode: Episode = {
    envId: 'test/arena',
    seed,
    policy: `scripted/${seed % 2 === 0 ? 'even' : 'odd'}`,
    length,
    observations: numbers((length + 1) * 3, 1),
    actions: numbers(length * 2, 2),
    rewards: numbers(length, 3),
    terminated: seed % 2 === 0,
    truncated: seed % 2 === 1,
    ...(seed % 2 === 0 && { stopped: 'a fault' }),
    frames: [{ ...CAMERA, data }],
  };
  return {
    episode,
    privileged: {
      stepScores: numbers(length, 4).map(Math.abs),
      success: seed % 3 === 0,
      ...(seed % 2 === 0 && { way: { name: 'left', preferred: seed % 3 === 0 } }),
      scene: SCENE,
      poses: numbers(length * 3, 5),
    },
  };
}

/** The step that is written into a picture. */
export function stepInPicture(data: Uint8Array): number {
  const { width, height } = CAMERA;
  let step = 0;
  for (let bit = 0; bit < 8; bit++) {
    const offset = ((height - 4) * width + bit * 8 + 4) * 3;
    if (data[offset]! > 127) step |= 1 << bit;
  }
  return step;
}
