import { DampedRotarySpring, GearJoint, RotaryLimitJoint, SimpleMotor } from '../chipmunk/angular-joints.js';
import { Body } from '../chipmunk/body.js';
import { clamp } from '../chipmunk/joint.js';
import { PivotJoint } from '../chipmunk/pivot-joint.js';
import { polygonInertia, Shape } from '../chipmunk/shape.js';
import type { Space } from '../chipmunk/space.js';
import { finger, fingerBoxes, fromLeftmost, robotMass, robotRadius, stickSizes } from './geometry.js';
import type { Dynamics, Pose } from './layout.js';
import { type EmbodimentName, eyeOffset } from './view.js';

/** Robot parts never touch each other. */
const ROBOT_GROUP = 1;
const SPEED_LIMIT = 4 * robotRadius;
const TURN_LIMIT = 1.5;

interface Finger {
  readonly side: -1 | 1;
  readonly body: Body;
  readonly motor: SimpleMotor;
}

/**
 * A robot of X-Magical in a space: its bodies, shapes and joints, and the drive law of
 * `entities/embodiments/{base,gripper}.py`. The robot is dragged by a control body without mass limits that a pivot
 * (speed) and a gear (heading) tie it to, both with capped force.
 */
export class Robot {
  readonly body: Body;
  readonly shapes: readonly Shape[];
  /** Left, right; their angles turn the pupils, and their springs brake the robot's turning. */
  readonly pupils: readonly [Body, Body];
  /** Left, right; empty for sticks. */
  readonly fingers: readonly Finger[];
  readonly #embodiment: EmbodimentName;
  readonly #control: Body;
  /** Set-points: forward speed (m/s), heading relative to the robot (rad), finger angle from closed (rad). */
  #speed = 0;
  #turn = 0;
  #fingerAngle = 0;

  constructor(space: Space, embodiment: EmbodimentName, start: Pose, dynamics: Dynamics) {
    const { x, y, angle } = start;
    this.#embodiment = embodiment;
    this.body = Body.dynamic(robotMass, robotInertia(embodiment), x, y, angle);
    space.addBody(this.body);
    this.pupils = [this.#addPupil(space, angle), this.#addPupil(space, angle)];
    this.fingers =
      embodiment === 'gripper' ? [-1 as const, 1 as const].map((side) => this.#addFinger(space, side, dynamics)) : [];

    this.#control = Body.unmovable(x, y, angle);
    space.addBody(this.#control);
    space.addJoint(new PivotJoint(this.#control, this.body, [0, 0], [0, 0], { maxBias: 0, maxForce: dynamics.drive }));
    space.addJoint(new GearJoint(this.#control, this.body, { errorBias: 0, maxBias: 2.5, maxForce: dynamics.turn }));

    this.shapes = [this.#makeBodyShape(), ...this.fingers.flatMap(makeFingerShapes)];
    for (const shape of this.shapes) space.addShape(shape);
  }

  /**
   * Takes an action; it holds until the next one.
   * @param action forward speed, relative heading, and for the gripper how far to close
   */
  setAction(action: ArrayLike<number>): void {
    this.#speed = clamp(action[0]!, -SPEED_LIMIT, SPEED_LIMIT);
    this.#turn = clamp(action[1]!, -TURN_LIMIT, TURN_LIMIT);
    if (this.fingers.length > 0) this.#fingerAngle = clamp(finger.open - action[2]!, 0, finger.open);
  }

  /** Sets the control body and the finger motors; called before every substep. */
  drive(): void {
    const { body } = this;
    const control = this.#control;
    control.setAngle(body.angle + this.#turn);
    control.velocityX = -body.sine * this.#speed;
    control.velocityY = body.cosine * this.#speed;
    for (const { side, body: fingerBody, motor } of this.fingers) {
      const error = fingerBody.angle - body.angle + side * this.#fingerAngle;
      const rate = clamp(error * 10, -1, 1);
      motor.rate = Math.abs(rate) < 1e-4 ? 0 : rate;
    }
  }

  /** Opening of the fingers in [0, 1]: their angle to each other over 45 degrees. */
  fingerOpening(): number {
    const [left, right] = this.fingers;
    if (left === undefined || right === undefined) return 0;
    return clamp((left.body.angle - right.body.angle) / (Math.PI / 4), 0, 1);
  }

  /** Where an eye's centre lies in the world. */
  eyePosition(side: -1 | 1): readonly [x: number, y: number] {
    const { x, y, cosine, sine } = this.body;
    const offset = eyeOffset(this.#embodiment);
    return [x + cosine * side * offset.x - sine * offset.y, y + sine * side * offset.x + cosine * offset.y];
  }

  #addPupil(space: Space, angle: number): Body {
    const mass = robotMass / 10;
    const pupil = Body.dynamic(mass, mass * (0.5 * (robotRadius * robotRadius)), 0, 0, angle);
    space.addBody(pupil);
    space.addJoint(new DampedRotarySpring(this.body, pupil, 0.1, 3e-3));
    return pupil;
  }

  #addFinger(space: Space, side: -1 | 1, dynamics: Dynamics): Finger {
    const { x, y, angle, cosine, sine } = this.body;
    const offsetX = side * finger.pivotX;
    const offsetY = finger.pivotY;
    const pivotX = x + (cosine * offsetX - sine * offsetY);
    const pivotY = y + (sine * offsetX + cosine * offsetY);
    const [upperArm, forearm] = fingerBoxes(side);
    const body = Body.dynamic(
      finger.mass,
      // The original hands the corners of both boxes to the formula as one polygon.
      polygonInertia(finger.mass, [...upperArm, ...forearm]),
      pivotX,
      pivotY,
      angle - side * finger.open,
    );
    space.addBody(body);
    space.addJoint(
      new PivotJoint(this.body, body, this.body.toLocal(pivotX, pivotY), body.toLocal(pivotX, pivotY), {
        errorBias: 0,
      }),
    );
    const [low, high] = side < 0 ? [0, finger.open] : [-finger.open, 0];
    space.addJoint(new RotaryLimitJoint(this.body, body, low, high));
    const motor = new SimpleMotor(this.body, body, dynamics.finger);
    space.addJoint(motor);
    return { side, body, motor };
  }

  #makeBodyShape(): Shape {
    const options = { friction: 0.5, group: ROBOT_GROUP };
    if (this.#embodiment === 'gripper') return Shape.circle(this.body, robotRadius, options);
    const { width, thickness } = stickSizes[this.#embodiment];
    const x = width / 2;
    const y = thickness / 2;
    const corners = [
      [-x, -y],
      [x, -y],
      [x, y],
      [-x, y],
    ] as const;
    return Shape.polygon(this.body, corners, 0, options);
  }
}

function makeFingerShapes({ side, body }: Finger): Shape[] {
  return fingerBoxes(side).map((corners) =>
    Shape.polygon(body, fromLeftmost(corners), 0, { friction: 5, group: ROBOT_GROUP }),
  );
}

function robotInertia(embodiment: EmbodimentName): number {
  if (embodiment === 'gripper') return robotMass * (0.5 * (robotRadius * robotRadius));
  const { width, thickness } = stickSizes[embodiment];
  return (robotMass * (width * width + thickness * thickness)) / 12;
}
