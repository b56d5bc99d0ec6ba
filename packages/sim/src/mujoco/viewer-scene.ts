import type { Scene, SceneBody, SceneMesh, SceneShape, Vector3 } from '@rapport/core';
import { matrixToQuaternion } from '../spatial/rotation.js';
import { meshOf, PLANE_HALF_EXTENT, softBodies, type VisibleGeom, visibleGeoms } from './geometry.js';
import type { Physics } from './physics.js';
import type { Body, LiveSlice } from './quantities.js';

/**
 * The bodies of a model for the viewer: everything that stands still in one fixed body, every other body rigid, in the order
 * of `movingBodies`, and what is flexible as skins in one last body, its vertices in the model's order.
 * @param robot name of the body that the robot hangs on; what else moves is an object
 */
export function viewerScene(physics: Physics, bounds: Scene['bounds'], robot: string): Scene {
  const { model } = physics;
  const robotRoot: number = model.body_rootid[physics.index('body', robot)];
  const meshes = new SceneMeshes(physics);
  const geoms = visibleGeoms(physics);
  const standing = geoms.filter((geom) => !moves(physics, geom.body));
  const positions = physics.slice('geom_xpos', 0, 3 * model.ngeom).values;
  const rotations = physics.slice('geom_xmat', 0, 9 * model.ngeom).values;
  const surroundings: SceneBody = {
    name: 'surroundings',
    pose: 'fixed',
    shapes: standing.flatMap((geom) => {
      const position = positions.subarray(3 * geom.index, 3 * geom.index + 3);
      const [w, x, y, z] = matrixToQuaternion(rotations.subarray(9 * geom.index, 9 * geom.index + 9));
      return viewerShape(meshes, geom, position, [x, y, z, w]);
    }),
  };
  const bodies = movingBodies(physics).map(
    (body): SceneBody => ({
      name: physics.name('body', body),
      pose: 'rigid',
      ...(model.body_rootid[body] !== robotRoot && { role: 'object' }),
      shapes: geoms
        .filter((geom) => geom.body === body)
        .flatMap((geom) => {
          const position = (model.geom_pos as Float64Array).subarray(3 * geom.index, 3 * geom.index + 3);
          const [w, x, y, z] = (model.geom_quat as Float64Array).subarray(4 * geom.index, 4 * geom.index + 4);
          return viewerShape(meshes, geom, position, [x!, y!, z!, w!]);
        }),
    }),
  );
  const skins = softBodies(physics).map(({ shape: { kind, vertexCount, triangles, surface }, colour }) => {
    return { kind, vertexCount, triangles: [...triangles], surface, colour };
  });
  const soft: SceneBody = { name: 'soft bodies', pose: 'vertices', role: 'object', shapes: skins };
  return {
    bodies: [surroundings, ...bodies, ...(skins.length > 0 ? [soft] : [])],
    bounds,
    view: 'spatial',
    ...(meshes.all.length > 0 && { meshes: meshes.all }),
  };
}

/** The meshes of a model that its shapes name, each once. */
class SceneMeshes {
  readonly all: SceneMesh[] = [];
  readonly #physics: Physics;
  readonly #places = new Map<number, number>();

  constructor(physics: Physics) {
    this.#physics = physics;
  }

  /** The place in `all` of a geom's mesh. */
  placeOf(geom: number): number {
    const mesh: number = this.#physics.model.geom_dataid[geom];
    const known = this.#places.get(mesh);
    if (known !== undefined) return known;
    const { positions, triangles } = meshOf(this.#physics, geom);
    this.#places.set(mesh, this.all.length);
    return this.all.push({ positions, triangles: Uint32Array.from(triangles) }) - 1;
  }
}

/** Numbers of the bodies that can move and have something to be seen, in the model's order. */
function movingBodies(physics: Physics): number[] {
  const seen = new Set(visibleGeoms(physics).map(({ body }) => body));
  return [...seen].filter((body) => moves(physics, body)).sort((a, b) => a - b);
}

/** Whether a body can move within or between episodes: it hangs on a joint or on a mocap body. */
function moves({ model }: Physics, body: number): boolean {
  return model.body_weldid[body] !== 0 || model.body_mocapid[model.body_rootid[body]] >= 0;
}

/** Writes the poses of a `viewerScene` of the same model. */
export class ViewerPoses {
  readonly #bodies: readonly Body[];
  readonly #softVertices: LiveSlice;

  constructor(physics: Physics) {
    this.#bodies = movingBodies(physics).map((body) => physics.body(physics.name('body', body)));
    this.#softVertices = physics.slice('flexvert_xpos', 0, 3 * physics.model.nflexvert);
  }

  /** @param out shape [poseTrackWidth(scene)] */
  write(out: Float32Array): void {
    let at = 0;
    for (const { position, quaternion } of this.#bodies) {
      out.set(position, at);
      out[at + 3] = quaternion[1]!;
      out[at + 4] = quaternion[2]!;
      out[at + 5] = quaternion[3]!;
      out[at + 6] = quaternion[0]!;
      at += 7;
    }
    out.set(this.#softVertices.values, at);
  }
}

function viewerShape(
  meshes: SceneMeshes,
  { kind, size, colour, opacity, index }: VisibleGeom,
  at: ArrayLike<number>,
  rotation: readonly [x: number, y: number, z: number, w: number],
): SceneShape[] {
  const position: Vector3 = [at[0]!, at[1]!, at[2]!];
  const common = { colour, position, rotation, ...(opacity < 1 && { opacity }) };
  const [x, y] = size;
  switch (kind) {
    case 'plane':
      return [{ kind, halfExtents: [x || PLANE_HALF_EXTENT, y || PLANE_HALF_EXTENT], ...common }];
    case 'sphere':
      return [{ kind, radius: x, ...common }];
    case 'capsule':
    case 'cylinder':
      return [{ kind, radius: x, halfLength: y, ...common }];
    case 'box':
      return [{ kind, halfExtents: size, ...common }];
    case 'ellipsoid':
      return [{ kind, radii: size, ...common }];
    case 'mesh':
      return [{ kind, mesh: meshes.placeOf(index), ...common }];
  }
}
