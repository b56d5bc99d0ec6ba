import { boxSpace, type RecordedEpisode, type Scene, type SceneBody } from '@rapport/core';
import { createDataset } from '@rapport/data';

const fps = 8;
const steps = 40;
const picture = { camera: 'above', width: 48, height: 48 };

type Outline = [number, number][];

const rectangle = (x: number, y: number, width: number, height: number): Outline => [
  [x, y],
  [x + width, y],
  [x + width, y + height],
  [x, y + height],
];

const block = (name: string, colour: [number, number, number]): SceneBody => ({
  name,
  pose: 'planar',
  role: 'object',
  shapes: [{ kind: 'prism', outline: rectangle(-0.11, -0.11, 0.22, 0.22), bottom: 0, top: 0.14, colour }],
});

/** A stick in a square arena that pushes three blocks towards a zone at the top. */
const arena: Scene = {
  view: 'planar',
  bounds: { min: [-1.2, -1.2, 0], max: [1.2, 1.2, 0.2] },
  bodies: [
    {
      name: 'floor',
      pose: 'fixed',
      shapes: [
        { kind: 'prism', outline: rectangle(-1.2, -1.2, 2.4, 2.4), bottom: -0.05, top: 0, colour: [231, 231, 234] },
        { kind: 'prism', outline: rectangle(-1.1, -1.1, 2.2, 2.2), bottom: 0, top: 0.002, colour: [255, 255, 255] },
        {
          kind: 'prism',
          outline: rectangle(-1.1, 0.76, 2.2, 0.34),
          bottom: 0.002,
          top: 0.006,
          colour: [250, 190, 209],
        },
      ],
    },
    block('red block', [245, 129, 165]),
    block('blue block', [135, 185, 211]),
    block('yellow block', [254, 213, 123]),
    {
      name: 'robot',
      pose: 'planar',
      shapes: [
        {
          kind: 'prism',
          outline: rectangle(-0.6, -0.05, 1.2, 0.1),
          bottom: 0,
          top: 0.12,
          colour: [162, 163, 175],
        },
      ],
    },
  ],
};

/** Numbers that no page may ever see: each episode's score is one of them. */
export const secretScore = (episode: number): number => 0.123456 + episode / 64;

function driveOf(episode: number) {
  return { speed: 0.2 + 0.06 * (episode % 7), slantRad: 0.12 * ((episode % 5) - 2) };
}

/** Where a stick at `stickY` has pushed the three blocks. */
function blockPlaces(stickY: number, slantRad: number): [x: number, y: number, angleRad: number][] {
  return [-0.5, 0, 0.5].map((x) => [x, Math.max(0, stickY + 0.16 + x * Math.tan(slantRad)), slantRad / 2]);
}

/** The first step of a rollout at which a block is more than 5 mm from where it stood. */
export function firstPush(episode: number): number {
  const { speed, slantRad } = driveOf(episode);
  const isPushed = (step: number) =>
    blockPlaces(Math.min(0.8, -0.9 + (speed * step) / fps), slantRad).some(([, y]) => y > 0.005);
  return Array.from({ length: steps }, (_, step) => step).findIndex(isPushed);
}

/** One rollout: the stick drives up at a speed, and with a slant, that follow from the episode's number. */
function rollout(episode: number): RecordedEpisode {
  const { speed, slantRad } = driveOf(episode);
  const poses = new Float32Array(steps * 12);
  const pictures = new Uint8Array(steps * picture.width * picture.height * 3).fill(255);
  for (let step = 0; step < steps; step++) {
    const stickY = Math.min(0.8, -0.9 + (speed * step) / fps);
    const blocks = blockPlaces(stickY, slantRad);
    poses.set([...blocks.flat(), 0, stickY, slantRad], step * 12);
    blocks.forEach(([x, y], index) => {
      paint(pictures, step, x!, y!, 0.12, index);
    });
    paint(pictures, step, 0, stickY, 0.3, 3);
  }
  return {
    episode: {
      envId: 'test/arena',
      seed: episode,
      policy: `scripted/speed-${episode}`,
      length: steps,
      observations: new Float32Array((steps + 1) * 2),
      actions: new Float32Array(steps),
      rewards: new Float32Array(steps),
      terminated: false,
      truncated: true,
      frames: [{ ...picture, data: pictures }],
    },
    privileged: {
      stepScores: new Float32Array(steps).fill(secretScore(episode)),
      success: episode % 2 === 0,
      scene: arena,
      poses,
    },
  };
}

function paint(pictures: Uint8Array, step: number, x: number, y: number, halfSize: number, shade: number): void {
  const { width, height } = picture;
  const pixel = (metres: number) => Math.round(((metres + 1.2) / 2.4) * width);
  for (let row = pixel(-y - halfSize / 2); row < pixel(-y + halfSize / 2); row++) {
    for (let column = pixel(x - halfSize); column < pixel(x + halfSize); column++) {
      pictures.fill(
        60 + 45 * shade,
        ((step * height + row) * width + column) * 3,
        3 * (1 + (step * height + row) * width + column),
      );
    }
  }
}

/** Begins a dataset of such rollouts, pictures included; `record(n)` appends the nth. */
export async function beginRollouts(directory: string) {
  const space = (name: string) => ({ name, unit: 'm', low: -1, high: 1 });
  const writer = await createDataset(directory, {
    id: 'arena',
    envId: 'test/arena',
    fps,
    observationSpace: boxSpace([space('x'), space('y')]),
    actionSpace: boxSpace([space('vy')]),
    cameras: [picture],
    robotType: 'test_stick',
    imageStorage: 'parquet',
  });
  return { record: (episode: number) => writer.append(rollout(episode)), finalize: () => writer.finalize() };
}

/** Writes a dataset of such rollouts. */
export async function writeRollouts(directory: string, episodes: number): Promise<void> {
  const { record, finalize } = await beginRollouts(directory);
  for (let episode = 0; episode < episodes; episode++) await record(episode);
  await finalize();
}
