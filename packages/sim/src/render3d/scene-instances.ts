import { InputError, poseTrackWidth, poseWidth, type Scene, type SceneBody, type SceneShape } from '@rapport/core';
import { quaternionToMatrix } from '../spatial/rotation.js';
import type { FramePoses, RenderInstance } from './scene.js';
import type { Shape } from './shapes.js';

/** A shape with its pose in its body. */
interface BodyShape {
  readonly position: Float64Array;
  readonly rotation: Float64Array;
}

/**
 * A scene of core's for the renderer, so that a recorded pose track can be drawn without its simulator: one instance per
 * shape, whose segment is the number of its body.
 */
export class SceneInstances {
  readonly instances: readonly RenderInstance[];
  /** Where the instances are; written by `place`. */
  readonly poses: FramePoses & { readonly vertices: Float64Array };
  readonly #scene: Scene;
  readonly #shapes: readonly (readonly BodyShape[])[];
  readonly #bodyRotation = new Float64Array(9);
  readonly #trackWidth: number;

  constructor(scene: Scene) {
    let row = 0;
    let vertex = 0;
    const rendered = (shape: SceneShape): Shape => {
      // The renderer knows the other shapes under the same names.
      if (shape.kind === 'mesh') return { kind: 'mesh', ...scene.meshes![shape.mesh]! };
      if (shape.kind !== 'skin') return shape;
      vertex += shape.vertexCount;
      return { ...shape, firstVertex: vertex - shape.vertexCount };
    };
    this.instances = scene.bodies.flatMap((body, segment) =>
      body.shapes.map((shape): RenderInstance => {
        const { colour, opacity } = shape;
        const looks = { shape: rendered(shape), colour, ...(opacity !== undefined && { opacity }) };
        return { ...looks, segment, pose: row++ };
      }),
    );
    this.poses = {
      positions: new Float64Array(3 * row),
      rotations: new Float64Array(9 * row),
      vertices: new Float64Array(3 * vertex),
    };
    this.#scene = scene;
    this.#shapes = scene.bodies.map((body) => body.shapes.map(bodyShape));
    this.#trackWidth = poseTrackWidth(scene);
  }

  /**
   * Puts the instances where a frame of the scene's pose track has them.
   * @param frame shape [poseTrackWidth(scene)]
   * @throws InputError when the frame has another length
   */
  place(frame: ArrayLike<number>): void {
    if (frame.length !== this.#trackWidth) {
      throw new InputError(`a frame of poses has ${frame.length} numbers; the scene's has ${this.#trackWidth}`);
    }
    let at = 0;
    let row = 0;
    let written = 0;
    for (const [index, body] of this.#scene.bodies.entries()) {
      if (body.pose === 'vertices') {
        for (const end = at + poseWidth(body); at < end; at++) this.poses.vertices[written++] = frame[at]!;
        row += body.shapes.length;
        continue;
      }
      const rigid = body.pose === 'rigid';
      const moves = body.pose !== 'fixed';
      const x = moves ? frame[at]! : 0;
      const y = moves ? frame[at + 1]! : 0;
      const z = rigid ? frame[at + 2]! : 0;
      this.#turn(body, frame, at);
      at += poseWidth(body);
      for (const shape of this.#shapes[index]!) this.#put(shape, x, y, z, row++);
    }
  }

  #turn({ pose }: SceneBody, frame: ArrayLike<number>, at: number): void {
    const half = pose === 'planar' ? frame[at + 2]! / 2 : 0;
    quaternionToMatrix(
      pose === 'rigid'
        ? [frame[at + 6]!, frame[at + 3]!, frame[at + 4]!, frame[at + 5]!]
        : [Math.cos(half), 0, 0, Math.sin(half)],
      this.#bodyRotation,
    );
  }

  #put({ position, rotation }: BodyShape, x: number, y: number, z: number, row: number): void {
    const turn = this.#bodyRotation;
    const origin = [x, y, z];
    for (let line = 0; line < 3; line++) {
      const [a, b, c] = [turn[3 * line]!, turn[3 * line + 1]!, turn[3 * line + 2]!];
      this.poses.positions[3 * row + line] = origin[line]! + a * position[0]! + b * position[1]! + c * position[2]!;
      for (let column = 0; column < 3; column++) {
        this.poses.rotations[9 * row + 3 * line + column] =
          a * rotation[column]! + b * rotation[3 + column]! + c * rotation[6 + column]!;
      }
    }
  }
}

function bodyShape({ position = [0, 0, 0], rotation: [x, y, z, w] = [0, 0, 0, 1] }: SceneShape): BodyShape {
  const rotation = new Float64Array(9);
  quaternionToMatrix([w, x, y, z], rotation);
  return { position: Float64Array.from(position), rotation };
}
