import { type ImageSize, InputError, RandomStream, type SpaceEntry, type Way } from '@rapport/core';
import { ArmDrive } from '../control/arm-drive.js';
import { type CollisionThresholds, defaultThresholds, type Fault } from '../control/faults.js';
import { ToolMonitor } from '../control/tool-monitor.js';
import { type Physics, UnsoundPhysicsError } from '../mujoco/physics.js';
import type { Body, LiveSlice, Sensor } from '../mujoco/quantities.js';
import {
  type CameraPose,
  type Intrinsics,
  intrinsicsFromFovY,
  makeCameraPose,
  readMujocoCamera,
} from '../render3d/camera.js';
import type { ArmModel } from '../robots/arm-model.js';
import { armNames } from '../robots/bodies.js';
import { defaultBase, type PhysicsHz, selfCollisionBodies, selfCollisionSensor, WRIST_CAMERA } from './model.js';
import { buildPhysics, makeStage, startEpisode } from './stage.js';
import { type ManipulationTask, type Stage, wayOf } from './task.js';
import { CameraView } from './view.js';

/** External torque on a joint below which no contact of the arm with itself is looked for, N m. */
const FELT_TORQUE = 1;
/** Ticks between two looks at the tool's place, speed and forces. */
const TOOL_WATCH_TICKS = 10;

export interface ArmCellOptions {
  /** Names the stream that starts are drawn from; with an environment's id the starts are those of the environment. */
  readonly id: string;
  readonly arm: ArmModel;
  readonly task: ManipulationTask;
  /** Ticks per second; 1000 when absent, a Franka's own rate. */
  readonly physicsHz?: PhysicsHz;
}

/**
 * The world of a task with an arm that gets its motor torques from outside at every tick, as a robot does from its
 * controllers. Time does not end at an episode's length, and a fault stops nothing here: what to do about it is left to who
 * commands. The same seed and commands give the same bits.
 */
export class ArmCell {
  readonly arm: ArmModel;
  readonly task: ManipulationTask;
  readonly drive: ArmDrive;
  /** Names of the cameras, the task's own first. */
  readonly cameras: readonly string[];
  /** Seconds per tick. */
  readonly timestep: number;
  readonly #id: string;
  readonly #physics: Physics;
  readonly #stage: Stage;
  readonly #monitor: ToolMonitor;
  readonly #selfCollisions: readonly Sensor[];
  readonly #cameraPositions: LiveSlice;
  readonly #cameraRotations: LiveSlice;
  #view: CameraView | undefined;
  #toolFault: Fault | undefined;
  #ticks = 0;

  /** @throws InputError when MuJoCo refuses the task's parts */
  static async create(options: ArmCellOptions): Promise<ArmCell> {
    const physics = await buildPhysics(options.arm, options.task, options.physicsHz ?? 1000, 'usual');
    return new ArmCell(options, physics);
  }

  private constructor({ id, arm, task }: ArmCellOptions, physics: Physics) {
    const thresholds = task.thresholds ?? defaultThresholds;
    this.arm = arm;
    this.task = task;
    this.cameras = [...task.cameras.map((camera) => camera.name), WRIST_CAMERA];
    this.timestep = physics.timestep;
    this.#id = id;
    this.#physics = physics;
    this.#stage = makeStage(physics, arm, task);
    this.drive = new ArmDrive(physics, arm, thresholds);
    this.#monitor = new ToolMonitor(arm, task.base ?? defaultBase, task.workspace, thresholds);
    this.#selfCollisions = selfCollisionBodies.map((body) => physics.sensor(selfCollisionSensor(body)));
    this.#cameraPositions = physics.slice('cam_xpos', 0, 3 * physics.model.ncam);
    this.#cameraRotations = physics.slice('cam_xmat', 0, 9 * physics.model.ncam);
    this.reset(0);
  }

  /** Ticks since the reset, in seconds. */
  get time(): number {
    return this.#ticks * this.timestep;
  }

  /** Joint positions (rad), the tool and the gripper, as they are. */
  get state(): Stage['arm'] {
    return this.#stage.arm;
  }

  /** The first limit that was broken, or contact that was too hard, since the reset or `recover`. */
  get fault(): Fault | undefined {
    return this.drive.fault ?? this.#toolFault;
  }

  /** Force (N) and moment (N m) of the surroundings on the tool, in the frame of the base, shape [6]; borrowed. */
  get externalWrench(): Float64Array {
    return this.#monitor.wrench;
  }

  /** The start of an episode. */
  reset(seed: number): void {
    startEpisode(this.#stage, this.arm, this.task, new RandomStream(seed, this.#id));
    this.drive.reset(this.#stage.arm.gripperWidth);
    this.#toolFault = undefined;
    this.#ticks = 0;
  }

  /** Forgets a fault; after `simulation_unsound` a reset is needed. */
  recover(): void {
    if (this.#toolFault === 'simulation_unsound') {
      throw new InputError('the simulation went wrong; it can only be reset');
    }
    this.drive.recover();
    this.#toolFault = undefined;
  }

  /** When contacts become faults from now on. */
  setThresholds(thresholds: CollisionThresholds): void {
    this.drive.setThresholds(thresholds);
    this.#monitor.setThresholds(thresholds);
  }

  /**
   * One tick.
   * @param torques of the joints, without what compensates gravity, N m, shape [joints]; undefined when none arrived
   */
  tick(torques: Float64Array | undefined): void {
    if (this.#toolFault === 'simulation_unsound') return;
    const watched = this.#ticks % TOOL_WATCH_TICKS === 0;
    if (watched) this.#physics.checkpoint();
    this.drive.apply(torques);
    try {
      this.#physics.step(1);
    } catch (error) {
      if (!(error instanceof UnsoundPhysicsError)) throw error;
      this.#physics.rollBack();
      this.#toolFault = 'simulation_unsound';
      return;
    }
    this.#ticks += 1;
    this.drive.watch();
    if (watched) this.#toolFault ??= this.#selfCollision() ?? this.#watchTool();
  }

  /** Names, units and bounds of what the task observes beside the arm. */
  get taskEntries(): readonly SpaceEntry[] {
    return this.task.observationEntries;
  }

  /** @param out shape [taskEntries] */
  observeTask(out: Float32Array): void {
    this.task.observe(this.#stage, out);
  }

  /** The end of a control step, for tasks that remember. @returns how it goes, which is privileged */
  endControlStep(): { readonly score: number; readonly success: boolean; readonly way?: Way } {
    const { task } = this;
    task.remember?.(this.#stage);
    const success = task.success(this.#stage);
    const score = task.stepScore(this.#stage);
    return { score, success, ...(task.ways && { way: wayOf(task.ways, success, this.#stage) }) };
  }

  /** A body of the world, by its name in the model: `armBodies`, and the names that the task has given. */
  body(name: string): Body {
    return this.#physics.body(name);
  }

  /** Names of the bodies that move freely, such as what is to be taken. */
  get objects(): string[] {
    const { model } = this.#physics;
    const freeJoint = 0;
    return Array.from({ length: model.nbody }, (_, index) => index)
      .filter(
        (body) => body > 0 && model.body_jntnum[body] === 1 && model.jnt_type[model.body_jntadr[body]] === freeJoint,
      )
      .map((body) => this.#physics.name('body', body));
  }

  /** Where a camera is now, in OpenCV's axes, in the world. */
  cameraPose(camera: string): CameraPose {
    const index = this.#physics.index('camera', camera);
    return readMujocoCamera(this.#cameraPositions.values, this.#cameraRotations.values, index, makeCameraPose());
  }

  cameraIntrinsics(camera: string, size: ImageSize): Intrinsics {
    return intrinsicsFromFovY(this.#physics.model.cam_fovy[this.#physics.index('camera', camera)], size);
  }

  /** @returns RGB bytes, shape [height, width, 3], rows from the top: `out` when given */
  render(camera: string, size: ImageSize, out?: Uint8Array): Uint8Array {
    const picture = out ?? new Uint8Array(size.width * size.height * 3);
    this.#view ??= new CameraView(this.#physics, this.task.bounds);
    this.#view.render(camera, size, { rgb: picture });
    return picture;
  }

  /** What the physics is in; another cell of the same options can show it and draw the same pictures. */
  physicsState(): Float64Array {
    return this.#physics.state();
  }

  /** Shows the state of another cell, for drawing only: controllers know nothing of it. */
  showPhysics(state: Float64Array): void {
    this.#physics.restore(state);
  }

  /** Frees the memory of the physics. */
  close(): void {
    this.#view = undefined;
    this.#physics.close();
  }

  #selfCollision(): Fault | undefined {
    if (!this.drive.externalTorques.some((torque) => Math.abs(torque) > FELT_TORQUE)) return undefined;
    const touching = this.#selfCollisions.some(({ values }) => values[0]! > 0);
    return touching ? 'self_collision_avoidance_violation' : undefined;
  }

  #watchTool(): Fault | undefined {
    const { positions, velocities, externalTorques } = this.drive;
    return this.#monitor.check(positions, velocities, externalTorques);
  }
}

/** Names of the arm's bodies, from the base to the hand; link n is 1 to 7. */
export const armBodies = {
  base: armNames.base,
  link: (number: number) => armNames.link(number - 1),
  hand: armNames.hand,
  finger: armNames.finger,
} as const;
