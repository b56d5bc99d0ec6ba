import type { Scene, SceneShape } from '@rapport/core';
import {
  BoxGeometry,
  type BufferGeometry,
  CapsuleGeometry,
  CylinderGeometry,
  ExtrudeGeometry,
  Group,
  Mesh,
  MeshLambertMaterial,
  Shape,
  SphereGeometry,
  SRGBColorSpace,
} from 'three';

/** Thinner than this, a prism is a mark on the floor: no rounded edge, no shadow of its own. */
const markThickness = 0.02;

/** One group per body, in the order of the scene; poses move the groups. */
export function buildBodies(scene: Scene): Group[] {
  return scene.bodies.map((body) => {
    const group = new Group();
    group.name = body.name;
    for (const shape of body.shapes) {
      if (shape.opacity !== 0) group.add(buildShape(shape));
    }
    return group;
  });
}

function buildShape(shape: SceneShape): Mesh {
  const { colour, opacity = 1, position, rotation } = shape;
  const material = new MeshLambertMaterial({ transparent: opacity < 1, opacity, depthWrite: opacity >= 1 });
  material.color.setRGB(colour[0] / 255, colour[1] / 255, colour[2] / 255, SRGBColorSpace);
  const mesh = new Mesh(buildGeometry(shape), material);
  if (position !== undefined) mesh.position.set(...position);
  if (rotation !== undefined) mesh.quaternion.set(...rotation);
  mesh.castShadow = !isMark(shape) && opacity >= 1;
  mesh.receiveShadow = true;
  return mesh;
}

function isMark(shape: SceneShape): boolean {
  return shape.kind === 'prism' && shape.top - shape.bottom < markThickness;
}

function buildGeometry(shape: SceneShape): BufferGeometry {
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
  }
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
