import { type Scene as ClipScene, poseWidth } from '@rapport/core';
import {
  type BufferAttribute,
  DirectionalLight,
  type Group,
  HemisphereLight,
  Mesh,
  type Object3D,
  PerspectiveCamera,
  Quaternion,
  Scene,
  Vector3,
} from 'three';
import { type Moment, mixAngles, momentAt, type PoseTrack } from './poses.js';
import { buildBodies } from './shapes.js';

const verticalFieldOfViewDeg = 26;
/** From the horizon: planar scenes are seen almost from above, spatial ones from the side. */
const elevationDeg = { planar: 72, spatial: 28 } as const;
const azimuthDeg = { planar: -90, spatial: -60 } as const;

/** One clip, drawn again: a three.js scene whose bodies follow the recorded poses. */
export class SceneView {
  readonly scene = new Scene();
  readonly camera = new PerspectiveCamera(verticalFieldOfViewDeg, 1, 0.01, 100);
  readonly #source: ClipScene;
  readonly #track: PoseTrack;
  readonly #bodies: Group[];
  readonly #fromQuaternion = new Quaternion();
  readonly #toQuaternion = new Quaternion();

  constructor(source: ClipScene, track: PoseTrack) {
    this.#source = source;
    this.#track = track;
    this.#bodies = buildBodies(source);
    this.scene.add(...this.#bodies, ...lights(source));
    this.pose(0);
  }

  /** Puts every body where it was at the time; between two frames it moves evenly. */
  pose(timeSecs: number): void {
    const moment = momentAt(this.#track, timeSecs);
    let offset = 0;
    this.#source.bodies.forEach((source, index) => {
      const body = this.#bodies[index]!;
      if (source.pose === 'planar') this.#posePlanar(body, moment, offset);
      if (source.pose === 'rigid') this.#poseRigid(body, moment, offset);
      if (source.pose === 'vertices') this.#poseVertices(body, moment, offset);
      offset += poseWidth(source);
    });
  }

  /** Fits the scene's bounds into a view of this shape (width over height). */
  frame(aspect: number): void {
    const { camera } = this;
    if (camera.aspect === aspect && camera.position.lengthSq() > 0) return;
    camera.aspect = aspect;
    camera.updateProjectionMatrix();
    const { bounds, view } = this.#source;
    const centre = new Vector3(...bounds.min).add(new Vector3(...bounds.max)).multiplyScalar(0.5);
    const elevation = (elevationDeg[view] * Math.PI) / 180;
    const azimuth = (azimuthDeg[view] * Math.PI) / 180;
    const towardsCamera = new Vector3(
      Math.cos(elevation) * Math.cos(azimuth),
      Math.cos(elevation) * Math.sin(azimuth),
      Math.sin(elevation),
    );
    camera.up.set(0, 0, 1);
    camera.position.copy(centre).addScaledVector(towardsCamera, fittingDistance(bounds, centre, towardsCamera, aspect));
    camera.lookAt(centre);
    camera.updateMatrixWorld();
  }

  dispose(): void {
    this.scene.traverse((object: Object3D) => {
      if (object instanceof DirectionalLight) object.dispose();
      if (!(object instanceof Mesh)) return;
      object.geometry.dispose();
      object.material.map?.dispose();
      object.material.dispose();
    });
  }

  #posePlanar(body: Group, { frame, fraction }: Moment, offset: number): void {
    const { data, width } = this.#track;
    const from = frame * width + offset;
    const to = fraction === 0 ? from : from + width;
    body.position.set(mix(data[from]!, data[to]!, fraction), mix(data[from + 1]!, data[to + 1]!, fraction), 0);
    body.rotation.z = mixAngles(data[from + 2]!, data[to + 2]!, fraction);
  }

  #poseRigid(body: Group, { frame, fraction }: Moment, offset: number): void {
    const { data, width } = this.#track;
    const from = frame * width + offset;
    const to = fraction === 0 ? from : from + width;
    body.position.set(
      mix(data[from]!, data[to]!, fraction),
      mix(data[from + 1]!, data[to + 1]!, fraction),
      mix(data[from + 2]!, data[to + 2]!, fraction),
    );
    const fromQuaternion = this.#fromQuaternion.fromArray(data, from + 3);
    const toQuaternion = this.#toQuaternion.fromArray(data, to + 3);
    body.quaternion.copy(fromQuaternion.slerp(toQuaternion, fraction));
  }

  /** The skins of a body follow each other in the track. */
  #poseVertices(body: Group, { frame, fraction }: Moment, offset: number): void {
    const { data, width } = this.#track;
    let from = frame * width + offset;
    for (const skin of body.children) {
      if (!(skin instanceof Mesh)) continue;
      const positions: BufferAttribute = skin.geometry.attributes.position;
      const to = fraction === 0 ? from : from + width;
      for (let number = 0; number < positions.array.length; number++) {
        positions.array[number] = mix(data[from + number]!, data[to + number]!, fraction);
      }
      from += positions.array.length;
      positions.needsUpdate = true;
      skin.geometry.computeVertexNormals();
    }
  }
}

function mix(from: number, to: number, fraction: number): number {
  return from + (to - from) * fraction;
}

/** The least distance from the centre at which all corners of the bounds are in view, with a small margin. */
function fittingDistance(
  { min, max }: ClipScene['bounds'],
  centre: Vector3,
  towardsCamera: Vector3,
  aspect: number,
): number {
  const right = new Vector3(0, 0, 1).cross(towardsCamera).normalize();
  const up = towardsCamera.clone().cross(right);
  const tangentUp = Math.tan((verticalFieldOfViewDeg * Math.PI) / 360);
  const tangentRight = tangentUp * aspect;
  let distance = 0;
  for (let corner = 0; corner < 8; corner++) {
    const point = new Vector3(
      corner & 1 ? max[0] : min[0],
      corner & 2 ? max[1] : min[1],
      corner & 4 ? max[2] : min[2],
    ).sub(centre);
    const needed = Math.max(Math.abs(point.dot(right)) / tangentRight, Math.abs(point.dot(up)) / tangentUp);
    distance = Math.max(distance, needed + point.dot(towardsCamera));
  }
  return distance * 1.02;
}

/** What comes from below, and how strong sky and lamp are: seen from above all is flat, from the side shading tells shapes. */
const lighting = {
  planar: { ground: 0xdfe4ee, sky: 1.75, lamp: 1.7 },
  spatial: { ground: 0x8d93a0, sky: 1.25, lamp: 2 },
} as const;

/**
 * A soft sky and one lamp with a shadow, at the upper left. Their strengths add up to about pi on the floor, which
 * shows a matt surface in its own colour.
 */
function lights({ bounds, view }: ClipScene): Object3D[] {
  const strength = lighting[view];
  const sky = new HemisphereLight(0xffffff, strength.ground, strength.sky);
  sky.position.set(0, 0, 1);
  const min = new Vector3(...bounds.min);
  const max = new Vector3(...bounds.max);
  const centre = min.clone().add(max).multiplyScalar(0.5);
  const radius = max.distanceTo(min) / 2;
  const lamp = new DirectionalLight(0xffffff, strength.lamp);
  lamp.position.copy(centre).add(new Vector3(-0.55, 0.5, 1.25).multiplyScalar(2 * radius));
  lamp.target.position.copy(centre);
  lamp.castShadow = true;
  lamp.shadow.mapSize.set(1024, 1024);
  lamp.shadow.radius = 3;
  lamp.shadow.intensity = 0.5;
  lamp.shadow.bias = -0.0004;
  const { camera } = lamp.shadow;
  camera.left = camera.bottom = -radius;
  camera.right = camera.top = radius;
  camera.near = 0.1 * radius;
  camera.far = 6 * radius;
  return [sky, lamp, lamp.target];
}
