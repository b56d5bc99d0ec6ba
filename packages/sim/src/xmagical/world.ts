import { GearJoint } from '../chipmunk/angular-joints.js';
import { Body } from '../chipmunk/body.js';
import { ClosestPoints } from '../chipmunk/closest-points.js';
import { PivotJoint } from '../chipmunk/pivot-joint.js';
import { polygonInertia, Shape } from '../chipmunk/shape.js';
import type { StateReader } from '../chipmunk/snapshot.js';
import { Space } from '../chipmunk/space.js';
import type { ArenaBlock, ArenaBody, ArenaState, Bounds } from './arena-state.js';
import { arenaHalfSide, blockGeometry, blockMass } from './geometry.js';
import type { BlockLayout, Layout } from './layout.js';
import { Robot } from './robot.js';
import type { EmbodimentName, FloorRectangle } from './view.js';

/** Control steps per second. */
export const CONTROL_HZ = 8;
/** Solver steps of a control step. */
export const SUBSTEPS = 10;
/** Seconds of a solver step. */
export const SUBSTEP_SECONDS = 1 / CONTROL_HZ / SUBSTEPS;

/** X-Magical's physics: the walled arena with one robot and its blocks (`base_env.py` of x-magical 0.0.4). */
export class XMagicalWorld implements ArenaState {
  readonly embodiment: EmbodimentName;
  readonly layout: Layout;
  readonly robot: ArenaBody;
  readonly blocks: readonly ArenaBlock[];
  readonly #space = new Space({ timeStep: SUBSTEP_SECONDS, iterations: 10, collisionSlop: 0.01 });
  readonly #robot: Robot;
  readonly #blocks: readonly BlockBody[];

  constructor(embodiment: EmbodimentName, layout: Layout) {
    this.embodiment = embodiment;
    this.layout = layout;
    const space = this.#space;
    const ground = Body.unmovable();
    addWalls(space, ground);
    space.addStillShape(floorShape(layout.goal));

    this.#blocks = layout.blocks.map((block) => {
      const body = new BlockBody(block);
      space.addBody(body.body);
      for (const shape of body.shapes) space.addShape(shape);
      // Ground friction: brakes on translation and rotation with capped force.
      const { blockFriction, blockFrictionTorque } = layout.dynamics;
      space.addJoint(new PivotJoint(ground, body.body, [0, 0], [0, 0], { maxBias: 0, maxForce: blockFriction }));
      space.addJoint(new GearJoint(ground, body.body, { maxBias: 0, maxForce: blockFrictionTorque }));
      return body;
    });
    this.blocks = this.#blocks;
    this.#robot = new Robot(space, embodiment, layout.robot, layout.dynamics);
    this.robot = new ShapedBody(this.#robot.body, this.#robot.shapes);
  }

  /** One control step: ten solver steps under one action, shape [2] for sticks, [3] for the gripper. */
  step(action: ArrayLike<number>): void {
    this.#robot.setAction(action);
    for (const block of this.#blocks) block.touchedByRobot = false;
    for (let substep = 0; substep < SUBSTEPS; substep++) this.substep();
  }

  /** Takes an action without moving; `substep` then moves. */
  setAction(action: ArrayLike<number>): void {
    this.#robot.setAction(action);
  }

  /** One solver step under the present action. */
  substep(): void {
    this.#robot.drive();
    this.#space.step();
    const { touching } = this.#space;
    const robotShapes = this.#robot.shapes;
    for (let index = 0; index < touching.length; index++) {
      const { a, b } = touching[index]!;
      const aIsRobot = robotShapes.includes(a);
      if (aIsRobot === robotShapes.includes(b)) continue;
      const other = aIsRobot ? b : a;
      for (const block of this.#blocks) if (block.body === other.body) block.touchedByRobot = true;
    }
  }

  fingerOpening(): number {
    return this.#robot.fingerOpening();
  }

  /** Angle of a finger relative to the robot, radians: the left one 0, the right one 1; undefined for sticks. */
  fingerAngle(index: 0 | 1): number | undefined {
    const part = this.#robot.fingers[index];
    return part === undefined ? undefined : part.body.angle - this.#robot.body.angle;
  }

  /** Bodies of the picture: robot, blocks, two eyes, for the gripper two fingers. */
  get viewBodyCount(): number {
    return 1 + this.#blocks.length + 2 + this.#robot.fingers.length;
  }

  /** Fills `out`, shape [viewBodyCount, 3]: x, y, angle of the bodies of `arenaView`, in its order. */
  writeViewPoses(out: Float64Array | Float32Array): void {
    let at = 0;
    const write = (x: number, y: number, angle: number) => {
      out[at] = x;
      out[at + 1] = y;
      out[at + 2] = angle;
      at += 3;
    };
    const robot = this.#robot;
    write(robot.body.x, robot.body.y, robot.body.angle);
    for (const block of this.#blocks) write(block.x, block.y, block.angle);
    robot.pupils.forEach((pupil, index) => {
      const [x, y] = robot.eyePosition(index === 0 ? -1 : 1);
      write(x, y, pupil.angle);
    });
    for (const { body } of robot.fingers) write(body.x, body.y, body.angle);
  }

  /** Appends the physics' whole state, for `load` into a world of the same embodiment and layout. */
  save(out: number[]): void {
    for (const block of this.#blocks) out.push(block.touchedByRobot ? 1 : 0);
    this.#space.save(out);
  }

  load(reader: StateReader): void {
    for (const block of this.#blocks) block.touchedByRobot = reader.next() === 1;
    this.#space.load(reader);
  }
}

/** A body with its shapes, by named quantities. */
class ShapedBody implements ArenaBody {
  readonly body: Body;
  readonly shapes: readonly Shape[];

  constructor(body: Body, shapes: readonly Shape[]) {
    this.body = body;
    this.shapes = shapes;
  }

  get x(): number {
    return this.body.x;
  }

  get y(): number {
    return this.body.y;
  }

  get angle(): number {
    return this.body.angle;
  }

  get velocityX(): number {
    return this.body.velocityX;
  }

  get velocityY(): number {
    return this.body.velocityY;
  }

  get angularVelocity(): number {
    return this.body.angularVelocity;
  }

  bounds(out: Bounds): Bounds {
    out.left = Infinity;
    out.right = -Infinity;
    out.bottom = Infinity;
    out.top = -Infinity;
    for (const shape of this.shapes) {
      out.left = Math.min(out.left, shape.left);
      out.right = Math.max(out.right, shape.right);
      out.bottom = Math.min(out.bottom, shape.bottom);
      out.top = Math.max(out.top, shape.top);
    }
    return out;
  }

  inside({ left, right, bottom, top }: FloorRectangle): boolean {
    for (const shape of this.shapes) {
      if (shape.left < left || shape.right > right || shape.bottom < bottom || shape.top > top) return false;
    }
    return true;
  }

  overlaps(rectangle: FloorRectangle): boolean {
    const floor = floorShapeOf(rectangle);
    for (const shape of this.shapes) {
      if (
        shape.left <= floor.right &&
        shape.right >= floor.left &&
        shape.bottom <= floor.top &&
        shape.top >= floor.bottom
      ) {
        closestPoints.find(shape, floor, 0);
        if (closestPoints.distance <= shape.radius) return true;
      }
    }
    return false;
  }
}

class BlockBody extends ShapedBody implements ArenaBlock {
  touchedByRobot = false;

  constructor({ shape, x, y, angle }: BlockLayout) {
    const { parts, radius, outline } = blockGeometry(shape);
    const inertia = blockMass * (outline.length === 0 ? 0.5 * (radius * radius) : polygonInertia(1, outline));
    const body = Body.dynamic(blockMass, inertia, x, y, angle);
    const options = { friction: 0.5 };
    super(
      body,
      parts.length === 0
        ? [Shape.circle(body, radius, options)]
        : parts.map((corners) => Shape.polygon(body, corners, radius, options)),
    );
  }
}

/** Working memory of `overlaps`. */
const closestPoints = new ClosestPoints();
const floorShapes = new WeakMap<FloorRectangle, Shape>();

function floorShapeOf(rectangle: FloorRectangle): Shape {
  let shape = floorShapes.get(rectangle);
  if (shape === undefined) {
    shape = floorShape(rectangle);
    floorShapes.set(rectangle, shape);
  }
  return shape;
}

/** A rectangle of the floor as a sensor. */
function floorShape({ left, right, bottom, top }: FloorRectangle): Shape {
  const corners = [
    [right, bottom],
    [right, top],
    [left, top],
    [left, bottom],
  ] as const;
  return Shape.polygon(Body.unmovable(), corners, 0, { friction: 0, sensor: true });
}

/** Four segments with a skin of 1 m around the arena: top, right, bottom, left. */
function addWalls(space: Space, ground: Body): void {
  const skin = 1;
  const far = arenaHalfSide + skin;
  const corners = [
    [-far, far],
    [far, far],
    [far, -far],
    [-far, -far],
  ] as const;
  corners.forEach(([ax, ay], index) => {
    const [bx, by] = corners[(index + 1) % 4]!;
    space.addStillShape(Shape.segment(ground, ax, ay, bx, by, skin, { friction: 0.8 }));
  });
}
