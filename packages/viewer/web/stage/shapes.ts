import type { Scene, SceneMesh, SceneShape } from '@rapport/core';
import {
  BoxGeometry,
  BufferAttribute,
  BufferGeometry,
  CapsuleGeometry,
  CylinderGeometry,
  DoubleSide,
  ExtrudeGeometry,
  FrontSide,
  Group,
  Mesh,
  MeshLambertMaterial,
  Shape,
  SphereGeometry,
  SRGBColorSpace,
} from 'three';
import { toCreasedNormals } from 'three/addons/utils/BufferGeometryUtils.js';
import { buildFloor } from './floor.js';

/** Thinner than this, a prism is a mark on the floor: no rounded edge, no shadow of its own. */
const markThickness = 0.02;
/** Edges of meshes that are sharper than this stay sharp, radians; as in the renderer of recorded pictures. */
const creaseRad = (35 * Math.PI) / 180;

/** One group per body, in the order of the scene; poses move the groups. */
export function buildBodies(scene: Scene): Group[] {
  return scene.bodies.map((body) => {
    const group = new Group();
    group.name = body.name;
    for (const shape of body.shapes) {
      if (shape.opacity !== 0) group.add(buildShape(shape, scene.meshes ?? []));
    }
    return group;
  });
}

function buildShape(shape: SceneShape, meshes: readonly SceneMesh[]): Mesh {
  if (shape.kind === 'plane') return buildFloor(shape);
  const { colour, opacity = 1 } = shape;
  const isSheet = shape.kind === 'skin' && shape.surface === 'open';
  const material = new MeshLambertMaterial({
    transparent: opacity < 1,
    opacity,
    depthWrite: opacity >= 1,
    side: isSheet ? DoubleSide : FrontSide,
  });
  material.color.setRGB(colour[0] / 255, colour[1] / 255, colour[2] / 255, SRGBColorSpace);
  const mesh = new Mesh(buildGeometry(shape, meshes), material);
  place(mesh, shape);
  // The vertices of a skin move out of the box that it is built with.
  mesh.frustumCulled = shape.kind !== 'skin';
  mesh.castShadow = !isMark(shape) && opacity >= 1;
  mesh.receiveShadow = true;
  return mesh;
}

function place(mesh: Mesh, { position, rotation }: SceneShape): void {
  if (position !== undefined) mesh.position.set(...position);
  if (rotation !== undefined) mesh.quaternion.set(...rotation);
}

function isMark(shape: SceneShape): boolean {
  return shape.kind === 'prism' && shape.top - shape.bottom < markThickness;
}

function buildGeometry(shape: Exclude<SceneShape, { kind: 'plane' }>, meshes: readonly SceneMesh[]): BufferGeometry {
  switch (shape.kind) {
    case 'prism':
      return buildPrism(shape);
    case 'box': {
      const [x, y, z] = shape.halfExtents;
      return new BoxGeometry(2 * x, 2 * y, 2 * z);
    }
    case 'sphere':
      return new SphereGeometry(shape.radius, 32, 20);
    case 'cylinder':
      return new CylinderGeometry(shape.radius, shape.radius, 2 * shape.halfLength, 40).rotateX(Math.PI / 2);
    case 'capsule':
      return new CapsuleGeometry(shape.radius, 2 * shape.halfLength, 10, 28).rotateX(Math.PI / 2);
    case 'ellipsoid':
      return new SphereGeometry(1, 40, 24).scale(...shape.radii);
    case 'mesh':
      return buildMesh(meshes[shape.mesh]!);
    case 'skin': {
      const geometry = new BufferGeometry();
      geometry.setAttribute('position', new BufferAttribute(new Float32Array(3 * shape.vertexCount), 3));
      return geometry.setIndex([...shape.triangles]);
    }
  }
}

/** Meshes that several clips show, built once. */
const builtMeshes = new WeakMap<SceneMesh, BufferGeometry>();

function buildMesh(mesh: SceneMesh): BufferGeometry {
  let geometry = builtMeshes.get(mesh);
  if (geometry === undefined) {
    const flat = new BufferGeometry();
    flat.setAttribute('position', new BufferAttribute(mesh.positions, 3));
    flat.setIndex(new BufferAttribute(mesh.triangles, 1));
    geometry = toCreasedNormals(flat, creaseRad);
    builtMeshes.set(mesh, geometry);
  }
  return geometry;
}

function buildPrism(prism: Extract<SceneShape, { kind: 'prism' }>): BufferGeometry {
  const outline = new Shape();
  prism.outline.forEach(([x, y], corner) => {
    if (corner === 0) outline.moveTo(x, y);
    else outline.lineTo(x, y);
  });
  outline.closePath();
  const height = prism.top - prism.bottom;
  // The rounded edge lies inside the outline, so that what touches in the simulation touches on screen.
  const bevel = isMark(prism) ? 0 : Math.min(0.012, height / 6);
  const geometry = new ExtrudeGeometry(outline, {
    depth: height - 2 * bevel,
    bevelEnabled: bevel > 0,
    bevelSize: bevel,
    bevelOffset: -bevel,
    bevelThickness: bevel,
    bevelSegments: 2,
  });
  return geometry.translate(0, 0, prism.bottom + bevel);
}
