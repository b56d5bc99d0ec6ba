// Appends episodes to a dataset without end, and prints the index of each one once it has been acknowledged.
//   node record-episodes.mjs DATASET_FOLDER video|parquet
// Every number of an episode follows from its seed, which is its index, so that the test can compute it again.
import { existsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { createDataset, openDatasetForAppend } from '@rapport/data';

const [, , directory, imageStorage] = process.argv;
const side = 64;
const space = (names) => ({
  kind: 'box',
  entries: names.map((name) => ({ name, unit: 'm', low: -1, high: 1 })),
});

function record(seed) {
  const length = 5 + (seed % 4);
  const numbers = (count) => Float32Array.from({ length: count }, (_, index) => Math.sin(seed * 1000 + index));
  return {
    episode: {
      envId: 'test/kill',
      seed,
      policy: `policy-${seed}`,
      length,
      observations: numbers((length + 1) * 2),
      actions: numbers(length),
      rewards: numbers(length),
      terminated: false,
      truncated: true,
      frames: [
        { camera: 'top', width: side, height: side, data: new Uint8Array(length * side * side * 3).fill(seed % 256) },
      ],
    },
    privileged: {
      stepScores: numbers(length).map(Math.abs),
      success: seed % 2 === 0,
      scene: { bodies: [], bounds: { min: [0, 0, 0], max: [1, 1, 1] }, view: 'planar' },
      poses: new Float32Array(0),
    },
  };
}

const writer = existsSync(join(directory, 'meta/info.json'))
  ? await openDatasetForAppend(directory)
  : await createDataset(directory, {
      envId: 'test/kill',
      fps: 20,
      observationSpace: space(['x', 'y']),
      actionSpace: space(['v']),
      cameras: [{ camera: 'top', width: side, height: side }],
      robotType: 'none',
      imageStorage,
    });
for (;;) {
  const seed = writer.episodeCount;
  const index = await writer.append(record(seed), `task ${seed % 3}`);
  writeSync(1, `${index}\n`);
  if (index % 5 === 4) await writer.finalize();
}
