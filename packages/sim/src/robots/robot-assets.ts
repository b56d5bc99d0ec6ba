import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { MjModel } from '@mujoco/mujoco';
import { InputError, type Vector3 } from '@rapport/core';
import { type MjcfNode, mjcf } from '../mujoco/mjcf.js';
import { loadMujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import { conjugate, multiply, type Quaternion, quaternionToMatrix, rotate } from '../spatial/rotation.js';
import type { ArmModel, Inertial, Placement } from './arm-model.js';
import { type CollisionBits, collisionBits } from './shapes.js';
import { writeStl } from './stl.js';

/** How far a joint of a model may sit from where it sits on the arm: metres, and a quaternion's distance. */
const PLACE_TOLERANCE = 2e-3;
const TURN_TOLERANCE = 5e-3;

const hinge = 3;
const geomTypes: Readonly<Record<number, string>> = {
  2: 'sphere',
  3: 'capsule',
  4: 'ellipsoid',
  5: 'cylinder',
  6: 'box',
  7: 'mesh',
};

/**
 * Takes masses and shapes of an arm's links from a folder with an MJCF model and its meshes, such as a checkout of MuJoCo
 * Menagerie; limits, control and hand stay the arm's. The first model in the folder that has the arm's joints is taken.
 * @param directory with *.xml files; meshes lie in it or in folders below
 * @throws InputError when the folder cannot be read, or no model in it has this arm's joints, saying why for each
 */
export async function loadRobotAssets(directory: string, arm: ArmModel): Promise<ArmModel> {
  const files = await readFolder(directory);
  const models = [...files.keys()].filter((name) => name.endsWith('.xml') && !name.includes('/')).sort();
  const fix = `name the folder of a ${arm.name} as MuJoCo Menagerie has it, with its *.xml and meshes, or leave --assets out`;
  if (models.length === 0) throw new InputError(`there is no MJCF model (*.xml) in ${directory}`, { fix });
  const mujoco = await loadMujoco();
  const reasons: string[] = [];
  for (const name of models) {
    let physics: Physics | undefined;
    try {
      physics = new Physics(mujoco, new TextDecoder().decode(files.get(name)), files);
      return withModel(arm, physics);
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      reasons.push(`${name}: ${error.message}`);
    } finally {
      physics?.close();
    }
  }
  throw new InputError(`no model in ${directory} is a ${arm.name}; ${reasons.join('; ')}`, { fix });
}

async function readFolder(directory: string): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  let entries: Awaited<ReturnType<typeof listFolder>>;
  try {
    entries = await listFolder(directory);
  } catch (cause) {
    throw new InputError(`the folder of robot assets cannot be read: ${directory}`, {
      fix: 'check its path and that it may be read, or leave --assets out',
      cause,
    });
  }
  for (const { path, name } of entries) files.set(name, await readFile(path));
  return files;
}

/** Files of a folder and of the folders in it, by their names relative to it. */
async function listFolder(directory: string): Promise<{ readonly path: string; readonly name: string }[]> {
  const here = await readdir(directory, { withFileTypes: true });
  const below = await Promise.all(
    here.map(async (entry) => {
      const path = join(directory, entry.name);
      if (!entry.isDirectory()) return [{ path, name: entry.name }];
      return (await listFolder(path)).map((file) => ({ ...file, name: `${entry.name}/${file.name}` }));
    }),
  );
  return below.flat();
}

/** The arm with the links of a compiled model. */
function withModel(arm: ArmModel, physics: Physics): ArmModel {
  const { model } = physics;
  const joints = Array.from({ length: model.njnt }, (_, index) => index).filter(
    (index) => model.jnt_type[index] === hinge,
  );
  if (joints.length < arm.links.length) {
    throw new InputError(`it has ${joints.length} hinges; a ${arm.name} has ${arm.links.length}`);
  }
  const bodies: number[] = joints.slice(0, arm.links.length).map((joint) => model.jnt_bodyid[joint]);
  const base: number = model.body_parentid[bodies[0]!];
  checkJoints(arm, physics, bodies, base);
  const meshes = new MeshCollector(model);
  const shapesOf = (body: number, bits: CollisionBits) => geomsOf(model, body, bits, meshes);
  const links = arm.links.map((link, index) => ({
    ...link,
    inertial: inertialOf(model, bodies[index]!),
    shapes: shapesOf(bodies[index]!, index < 3 ? collisionBits.lowerArm : collisionBits.arm),
  }));
  const baseShapes = base === 0 ? arm.base.shapes : shapesOf(base, collisionBits.lowerArm);
  return {
    ...arm,
    base: { ...arm.base, shapes: baseShapes },
    links,
    assets: { nodes: meshes.nodes, files: meshes.files },
  };
}

/** @throws InputError when a joint sits elsewhere than the arm's, or turns about another axis */
function checkJoints(arm: ArmModel, { model }: Physics, bodies: readonly number[], base: number): void {
  for (const [index, { joint: wanted }] of arm.links.entries()) {
    const body = bodies[index]!;
    const found = placementBelow(model, body, index === 0 ? base : bodies[index - 1]!);
    const away = Math.hypot(...wanted.position.map((value, axis) => value - found.position[axis]!));
    const turned = Math.abs(multiply(conjugate(wanted.rotation), found.rotation)[0]);
    if (away > PLACE_TOLERANCE || 1 - turned > TURN_TOLERANCE) {
      throw new InputError(`joint ${index + 1} sits elsewhere than a ${arm.name}'s`);
    }
    const joint: number = model.body_jntadr[body];
    if (!(model.jnt_axis[3 * joint + 2] > 0.999))
      throw new InputError(`joint ${index + 1} does not turn about its z axis`);
  }
}

/** Pose of a body in the frame of one above it. */
function placementBelow(model: MjModel, body: number, ancestor: number): Placement {
  let position: Vector3 = [0, 0, 0];
  let rotation: Quaternion = [1, 0, 0, 0];
  for (let at = body; at !== ancestor; at = model.body_parentid[at]) {
    if (at === 0) throw new InputError('its hinges do not follow one another');
    const turn = quaternionAt(model.body_quat, at);
    const [x, y, z] = rotate(turn, position);
    const offset = model.body_pos.subarray(3 * at, 3 * at + 3) as Float64Array;
    position = [x + offset[0]!, y + offset[1]!, z + offset[2]!];
    rotation = multiply(turn, rotation);
  }
  return { position, rotation };
}

/** MuJoCo keeps moments along principal axes: I = R diag(moments) R^T. */
function inertialOf(model: MjModel, body: number): Inertial {
  const moments = model.body_inertia.subarray(3 * body, 3 * body + 3) as Float64Array;
  const [x, y, z] = model.body_ipos.subarray(3 * body, 3 * body + 3) as Float64Array;
  const axes = new Float64Array(9);
  quaternionToMatrix(quaternionAt(model.body_iquat, body), axes);
  const entry = (row: number, column: number) =>
    moments.reduce((sum, moment, axis) => sum + moment * axes[3 * row + axis]! * axes[3 * column + axis]!, 0);
  return {
    mass: model.body_mass[body],
    centre: [x!, y!, z!],
    inertia: [entry(0, 0), entry(1, 1), entry(2, 2), entry(0, 1), entry(0, 2), entry(1, 2)],
  };
}

function geomsOf(model: MjModel, body: number, bits: CollisionBits, meshes: MeshCollector): MjcfNode[] {
  const first: number = model.body_geomadr[body];
  const count: number = model.body_geomnum[body];
  return Array.from({ length: count }, (_, offset) => first + offset).flatMap((geom) => {
    const type = geomTypes[model.geom_type[geom]];
    if (type === undefined) return [];
    const material: number = model.geom_matid[geom];
    const colours = (material < 0 ? model.geom_rgba : model.mat_rgba) as Float32Array;
    const colour = 4 * (material < 0 ? geom : material);
    const collides = model.geom_contype[geom] !== 0 || model.geom_conaffinity[geom] !== 0;
    return mjcf('geom', {
      type,
      pos: [...(model.geom_pos.subarray(3 * geom, 3 * geom + 3) as Float64Array)],
      quat: quaternionAt(model.geom_quat, geom),
      ...(type === 'mesh'
        ? { mesh: meshes.nameOf(model.geom_dataid[geom]) }
        : { size: [...(model.geom_size.subarray(3 * geom, 3 * geom + 3) as Float64Array)] }),
      rgba: [...colours.subarray(colour, colour + 4)],
      group: model.geom_group[geom],
      ...(collides ? bits : collisionBits.none),
    });
  });
}

/** Writes the meshes of a compiled model, each when it is first named. */
class MeshCollector {
  readonly nodes: MjcfNode[] = [];
  readonly files = new Map<string, Uint8Array>();
  readonly #model: MjModel;
  readonly #names = new Map<number, string>();

  constructor(model: MjModel) {
    this.#model = model;
  }

  nameOf(mesh: number): string {
    let name = this.#names.get(mesh);
    if (name === undefined) {
      name = `arm_mesh${mesh}`;
      this.#names.set(mesh, name);
      const { mesh_vertadr, mesh_vertnum, mesh_faceadr, mesh_facenum } = this.#model;
      const vertices = this.#model.mesh_vert as Float32Array;
      const faces = this.#model.mesh_face as Int32Array;
      const file = `${name}.stl`;
      this.files.set(
        file,
        writeStl(
          vertices.subarray(3 * mesh_vertadr[mesh], 3 * (mesh_vertadr[mesh] + mesh_vertnum[mesh])),
          faces.subarray(3 * mesh_faceadr[mesh], 3 * (mesh_faceadr[mesh] + mesh_facenum[mesh])),
        ),
      );
      this.nodes.push(mjcf('mesh', { name, file: basename(file) }));
    }
    return name;
  }
}

function quaternionAt(quaternions: Float64Array, index: number): Quaternion {
  const [w, x, y, z] = quaternions.subarray(4 * index, 4 * index + 4);
  return [w!, x!, y!, z!];
}
