import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  InputError,
  poseTrackWidth,
  type SceneBody,
  type SceneShape,
  UnavailableError,
  type Vector3,
} from '@rapport/core';
import {
  intrinsicsFromFovY,
  lookAt,
  makeEnv,
  type RenderQuality,
  RenderScene,
  SceneInstances,
  SceneRenderer,
  type Shape,
} from '@rapport/sim';
import { breathe } from '../breathe.js';
import { nativeMujoco } from '../franka/native.js';
import { ensurePeer, runPeerScript } from '../peer.js';
import type { BenchOptions, BenchRow } from '../report.js';

/** Shapes in the scene. */
const GEOMS = 60;

const eye: Vector3 = [1.4, 0.7, 0.85];
const target: Vector3 = [0.32, -0.02, 0.2];
const fovYDeg = 45;
const bounds = { min: [-0.5, -0.7, -0.5], max: [0.9, 0.7, 0.9] } as const;

interface RenderWorkload {
  readonly name: string;
  readonly pixels: number;
  readonly quality: RenderQuality;
  /** The peer's: `default` has shadows and 4 samples per pixel, `plain` neither. */
  readonly setting: 'default' | 'plain';
  readonly aim?: string;
}

const workloads: readonly RenderWorkload[] = [
  { name: 'plain, 128x128', pixels: 128, quality: {}, setting: 'plain', aim: '>= 8' },
  { name: 'plain, 224x224', pixels: 224, quality: {}, setting: 'plain' },
  { name: 'plain, 128x128, MuJoCo as shipped', pixels: 128, quality: {}, setting: 'default', aim: '>= 200' },
  { name: 'shadows, 128x128', pixels: 128, quality: { shadowBounds: bounds }, setting: 'default' },
  {
    name: 'shadows and 2x2 samples, 128x128',
    pixels: 128,
    quality: { shadowBounds: bounds, supersampling: 2 },
    setting: 'default',
  },
];

/**
 * Pictures per CPU second of a Panda at a table with a cube and decoration, against MuJoCo's own
 * renderer on software OpenGL.
 */
export async function measureRendering(
  options: BenchOptions,
): Promise<{ readonly rows: readonly BenchRow[]; readonly notes: readonly string[] }> {
  const rounds = options.quick ? 1 : 3;
  const seconds = options.quick ? 0.3 : 1.5;
  const placed = await makeScene();
  const { triangleCount } = new RenderScene(placed.instances);
  const notes = [
    `3-D pictures: ${placed.instances.length} geoms, ${triangleCount} triangles, one thread, pictures per CPU second`,
  ];
  const peer = options.peer ? await findPeer(options, placed, notes) : undefined;
  const ours = workloads.map((): number[] => []);
  const theirs = workloads.map((): number[] => []);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, workload] of workloads.entries()) {
        options.onProgress?.({ label: `drawing ${workload.name}`, done: round, total: rounds });
        await breathe(options.signal);
        ours[index]!.push(picturesPerSecond(drawing(placed, workload), seconds));
        if (peer !== undefined) theirs[index]!.push(await peer.measure(workload, seconds));
      }
    }
  } finally {
    await peer?.remove();
  }
  const rows = workloads.map(({ name, aim }, index): BenchRow => {
    const row: BenchRow = {
      name: `3-D pictures, ${name}`,
      unit: 'pictures/s',
      ours: middle(ours[index]!),
      better: 'higher',
    };
    if (peer === undefined) return row;
    const ratios = ours[index]!.map((rate, round) => rate / theirs[index]![round]!);
    return { ...row, peer: middle(theirs[index]!), ratio: middle(ratios), ...(aim !== undefined && { aim }) };
  });
  rows.push(await environmentRow(rounds, seconds));
  return { rows, notes };
}

/** Pictures as the lift environment makes them for observations. */
async function environmentRow(rounds: number, seconds: number): Promise<BenchRow> {
  const env = await makeEnv('franka/lift');
  env.reset({ seed: 0 });
  const size = { width: 128, height: 128 };
  const rgb = new Uint8Array(3 * size.width * size.height);
  const rates = Array.from({ length: rounds }, () =>
    picturesPerSecond(() => env.render(env.spec.cameras[0]!, size, rgb), seconds),
  );
  env.close();
  return {
    name: 'franka/lift as it renders, 128x128',
    unit: 'pictures/s',
    ours: middle(rates),
    better: 'higher',
    aim: '>= 2000',
  };
}

/** The lift task at its first start, with small shapes in rows on the table. */
async function makeScene(): Promise<SceneInstances> {
  const env = await makeEnv('franka/lift');
  env.reset({ seed: 0 });
  const scene = env.scene();
  const frame = new Float32Array(poseTrackWidth(scene));
  env.writePoses(frame);
  env.close();
  const shapeCount = scene.bodies.reduce((sum, { shapes }) => sum + shapes.length, 0);
  const decoration: SceneBody = { name: 'decoration', pose: 'fixed', shapes: decorate(GEOMS - shapeCount) };
  const instances = new SceneInstances({ ...scene, bodies: [...scene.bodies, decoration] });
  instances.place(frame);
  return instances;
}

function decorate(count: number): SceneShape[] {
  return Array.from({ length: count }, (_, index): SceneShape => {
    const half = 0.02 + 0.002 * (index % 4);
    const common = {
      colour: [60 + 6 * index, 200 - 4 * index, 120] as const,
      position: [0.25 + 0.09 * (index % 5), -0.35 + 0.14 * Math.floor(index / 5), half] as const,
    };
    const shapes: readonly SceneShape[] = [
      { kind: 'box', halfExtents: [half, half, half], ...common },
      { kind: 'cylinder', radius: half, halfLength: half, ...common },
      { kind: 'sphere', radius: half, ...common },
      { kind: 'capsule', radius: half / 2, halfLength: half, ...common },
    ];
    return shapes[index % shapes.length]!;
  });
}

/** The same scene as a model for MuJoCo. */
function modelText({ instances, poses }: SceneInstances): string {
  const { rotation } = lookAt(eye, target);
  // MuJoCo wants the camera's right and its up.
  const axes = [...column(rotation, 0, 0), ...column(rotation, 0, 1).map((value) => -value)];
  const geoms = instances.map(({ shape, colour }, row) => {
    const turn = [...column(poses.rotations, row, 0), ...column(poses.rotations, row, 1)];
    const rgb = colour.map((part) => part / 255).join(' ');
    const position = poses.positions.subarray(3 * row, 3 * row + 3).join(' ');
    return `<geom ${geomSize(shape)} pos="${position}" xyaxes="${turn.join(' ')}" rgba="${rgb} 1"/>`;
  });
  return `<mujoco><visual><global offwidth="640" offheight="640"/></visual><worldbody>
<light pos="0.5 -0.6 2" dir="-0.3 0.4 -0.8"/>
<camera name="view" pos="${eye.join(' ')}" xyaxes="${axes.join(' ')}" fovy="${fovYDeg}"/>
${geoms.join('\n')}
</worldbody></mujoco>`;
}

/** Column of the row-major 3x3 matrix `row` of an array. */
function column(matrices: Float64Array, row: number, index: number): number[] {
  return [0, 3, 6].map((line) => matrices[9 * row + line + index]!);
}

function geomSize(shape: Shape): string {
  switch (shape.kind) {
    case 'box':
      return `type="box" size="${shape.halfExtents.join(' ')}"`;
    case 'plane':
      // The third number is the spacing of a grid that MuJoCo draws when asked to.
      return `type="plane" size="${shape.halfExtents.join(' ')} 1"`;
    case 'sphere':
      return `type="sphere" size="${shape.radius}"`;
    case 'cylinder':
    case 'capsule':
      return `type="${shape.kind}" size="${shape.radius} ${shape.halfLength}"`;
    default:
      throw new InputError(`the benchmark's scene has a ${shape.kind}, which it does not write for MuJoCo`);
  }
}

function drawing({ instances, poses }: SceneInstances, { pixels, quality }: RenderWorkload): () => void {
  const size = { width: pixels, height: pixels };
  const renderer = new SceneRenderer(new RenderScene(instances), size, quality);
  const camera = lookAt(eye, target);
  const intrinsics = intrinsicsFromFovY(fovYDeg, size);
  const rgb = new Uint8Array(3 * pixels * pixels);
  return () => renderer.render(camera, intrinsics, poses, { rgb });
}

/** Per CPU second of this process. */
function picturesPerSecond(draw: () => void, seconds: number): number {
  // The first pictures compile the hot paths.
  for (let picture = 0; picture < 300; picture++) draw();
  let pictures = 0;
  const start = process.cpuUsage();
  const used = () => {
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e6;
  };
  while (used() < seconds) {
    for (let picture = 0; picture < 50; picture++) draw();
    pictures += 50;
  }
  return pictures / used();
}

/** What `peers/mujoco_render.py` prints. */
interface PeerRates {
  readonly version: string;
  readonly rates: Readonly<Record<string, number>>;
}

interface RenderPeer {
  measure(workload: RenderWorkload, seconds: number): Promise<number>;
  remove(): Promise<void>;
}

/** MuJoCo's renderer when it runs here; a note says why it does not. */
async function findPeer(
  options: BenchOptions,
  placed: SceneInstances,
  notes: string[],
): Promise<RenderPeer | undefined> {
  const python = await ensurePeer(nativeMujoco, options);
  const script = fileURLToPath(new URL('../../peers/mujoco_render.py', import.meta.url));
  const folder = await mkdtemp(join(tmpdir(), 'rapport-render-'));
  const model = join(folder, 'model.xml');
  const remove = () => rm(folder, { recursive: true, force: true });
  const run = async (pixels: number, seconds: number, setting: string) =>
    (await runPeerScript(python, script, [model, `${pixels}`, `${seconds}`, setting], {
      MUJOCO_GL: 'osmesa',
      PYOPENGL_PLATFORM: 'osmesa',
      LP_NUM_THREADS: '1',
    })) as PeerRates;
  try {
    await writeFile(model, modelText(placed));
    const { version } = await run(16, 0.01, 'plain');
    notes.push(
      `peer of 3-D pictures: mujoco ${version} on OSMesa with one thread; plain is without shadows and 1 sample`,
    );
    return {
      measure: async ({ pixels, setting }, seconds) => (await run(pixels, seconds, setting)).rates[setting]!,
      remove,
    };
  } catch (error) {
    await remove();
    if (!(error instanceof UnavailableError)) throw error;
    notes.push(`MuJoCo's renderer was left out (${error.message}); it needs OSMesa, in Debian the package libosmesa6`);
    return undefined;
  }
}

function middle(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
