import {
  boxSpace,
  checkVector,
  type EnvSpec,
  type ImageSize,
  InputError,
  type PrivilegedEnv,
  RandomStream,
  type ResetResult,
  type Scene,
  type StepResult,
  spaceSize,
} from '@rapport/core';
import { ArmController } from '../control/arm-controller.js';
import type { CollisionThresholds, Fault } from '../control/faults.js';
import { actionEntries } from '../control/modes.js';
import { MotionTarget } from '../control/motion-target.js';
import { ToolMonitor } from '../control/tool-monitor.js';
import { segmentNames } from '../mujoco/geometry.js';
import { type Physics, UnsoundPhysicsError } from '../mujoco/physics.js';
import type { Sensor } from '../mujoco/quantities.js';
import { ViewerPoses, viewerScene } from '../mujoco/viewer-scene.js';
import type { RenderOutputs } from '../render3d/renderer.js';
import type { ArmModel } from '../robots/arm-model.js';
import { armNames } from '../robots/bodies.js';
import { armEntries, armLayout, writeArm } from './arm-observation.js';
import {
  defaultBase,
  type PhysicsHz,
  type SolverTolerance,
  selfCollisionBodies,
  selfCollisionSensor,
  WRIST_CAMERA,
} from './model.js';
import { buildPhysics, makeStage, startEpisode } from './stage.js';
import { type ManipulationTask, type Stage, wayOf } from './task.js';
import { CameraView } from './view.js';

/** External torque on a joint below which no contact of the arm with itself is looked for, N m. */
const FELT_TORQUE = 1;

export interface ManipulationEnvOptions {
  /** For example `franka/lift`. */
  readonly id: string;
  readonly arm: ArmModel;
  readonly task: ManipulationTask;
  /** Physics steps per second; 500 when absent. */
  readonly physicsHz?: PhysicsHz;
  /** `usual` when absent. */
  readonly tolerance?: SolverTolerance;
  /** See `MakeOptions`; the task's own when absent. */
  readonly contact?: CollisionThresholds;
  /** Called before every physics step, when its controls have been set, for recording what the physics does. */
  readonly beforePhysicsStep?: (physics: Physics) => void;
}

/** What an environment is; needs no physics engine. */
export function manipulationSpec({ id, arm, task }: ManipulationEnvOptions): EnvSpec {
  const { position } = task.base ?? defaultBase;
  return {
    id,
    summary: task.summary,
    observationSpace: boxSpace([...armEntries(arm, position), ...task.observationEntries]),
    actionSpace: boxSpace(actionEntries(task.control, arm)),
    controlHz: task.controlHz,
    maxEpisodeSteps: task.maxEpisodeSteps,
    cameras: [...task.cameras.map((camera) => camera.name), WRIST_CAMERA],
  };
}

/**
 * A manipulation task with an arm on MuJoCo. The reward of a step is 1 while the task is solved, else 0. An episode ends
 * at its time limit (`truncated`), or by a fault (`terminated`, with `info.fault` naming it, see `Fault`): a limit that
 * was broken, a contact that was too hard, or a simulation that went wrong.
 */
export class ManipulationEnv implements PrivilegedEnv {
  readonly spec: EnvSpec;
  readonly privileged: PrivilegedEnv['privileged'];
  readonly #arm: ArmModel;
  readonly #task: ManipulationTask;
  readonly #physics: Physics;
  readonly #stage: Stage;
  readonly #controller: ArmController;
  readonly #target: MotionTarget;
  readonly #monitor: ToolMonitor;
  readonly #selfCollisions: readonly Sensor[];
  readonly #viewerPoses: ViewerPoses;
  readonly #physicsSteps: number;
  readonly #action: Float64Array;
  readonly #feelsEveryStep: boolean;
  readonly #tick: (index: number) => void;
  #view: CameraView | undefined;
  #random: RandomStream;
  #started = false;
  #ended = false;
  #closed = false;
  #stepsDone = 0;
  /** A force on the tool that was too large after a physics step of the present control step, if only for that. */
  #knock: Fault | undefined;

  /**
   * Loads MuJoCo and compiles the model.
   * @throws InputError when MuJoCo refuses the task's parts, or the rates do not divide
   */
  static async create(options: ManipulationEnvOptions): Promise<ManipulationEnv> {
    const { arm, task, physicsHz = 500, tolerance = 'usual' } = options;
    return new ManipulationEnv(options, await buildPhysics(arm, task, physicsHz, tolerance), physicsHz);
  }

  private constructor(options: ManipulationEnvOptions, physics: Physics, physicsHz: number) {
    const { arm, task, id } = options;
    const { ways } = task;
    const thresholds = options.contact ?? task.thresholds;
    if (!Number.isInteger(physicsHz / task.controlHz)) {
      throw new InputError(
        `${id}: ${physicsHz} physics steps a second are no multiple of ${task.controlHz} control steps`,
      );
    }
    const base = task.base ?? defaultBase;
    const gains = arm.gains[task.control.kind === 'joint-impedance' ? 'soft' : 'stiff'];
    this.spec = manipulationSpec(options);
    this.#arm = arm;
    this.#task = task;
    this.#physics = physics;
    this.#physicsSteps = physicsHz / task.controlHz;
    this.#stage = makeStage(physics, arm, task);
    // The reference covers most of a control step's way within that step.
    this.#controller = new ArmController(physics, arm, gains, 0.5 / task.controlHz, thresholds);
    this.#target = new MotionTarget(arm, task.control, base, task.workspace);
    const { beforePhysicsStep } = options;
    this.#feelsEveryStep = options.contact !== undefined;
    this.#tick = (index) => {
      if (index > 0) this.#watch();
      this.#controller.tick();
      beforePhysicsStep?.(physics);
    };
    this.#monitor = new ToolMonitor(arm, base, task.workspace, thresholds);
    this.#selfCollisions = selfCollisionBodies.map((body) => physics.sensor(selfCollisionSensor(body)));
    this.#viewerPoses = new ViewerPoses(physics);
    this.#action = new Float64Array(spaceSize(this.spec.actionSpace));
    this.#random = new RandomStream(0, id);
    this.privileged = {
      stepScore: () => task.stepScore(this.#running()),
      success: () => task.success(this.#running()),
      ...(ways && { way: () => wayOf(ways, task.success(this.#running()), this.#running()) }),
      state: () => this.#saveState(),
      restore: (state) => this.#restoreState(state),
    };
  }

  reset(options: { readonly seed?: number } = {}): ResetResult {
    this.#checkOpen();
    if (options.seed !== undefined) this.#random = new RandomStream(options.seed, this.spec.id);
    const stage = this.#stage;
    startEpisode(stage, this.#arm, this.#task, this.#random);
    this.#controller.reset(stage.arm.gripperWidth);
    this.#target.reset(stage.arm.jointPositions);
    this.#started = true;
    this.#ended = false;
    this.#stepsDone = 0;
    return { observation: this.#observe(), info: {} };
  }

  step(action: ArrayLike<number>): StepResult {
    const stage = this.#running();
    if (this.#ended) throw new InputError(`${this.spec.id}: the episode has ended; call reset before the next step`);
    checkVector(this.spec.actionSpace, action, 'action');
    this.#command(action);
    // A hand that hits the arm also raises torques: the first reason comes first.
    const fault =
      this.#simulate() ?? this.#selfCollision() ?? this.#controller.fault ?? this.#toolFault() ?? this.#knock;
    this.#task.remember?.(stage);
    this.#stepsDone += 1;
    const terminated = fault !== undefined;
    const truncated = !terminated && this.#stepsDone >= this.spec.maxEpisodeSteps;
    this.#ended = terminated || truncated;
    const reward = this.#task.success(stage) ? 1 : 0;
    return { observation: this.#observe(), reward, terminated, truncated, info: fault === undefined ? {} : { fault } };
  }

  render(camera: string, size: ImageSize, out?: Uint8Array): Uint8Array {
    const picture = out ?? new Uint8Array(size.width * size.height * 3);
    this.draw(camera, size, { rgb: picture });
    return picture;
  }

  /**
   * Draws what a camera sees in colours, as depth and as segmentation, of which the last holds places in `segments`.
   * @throws InputError when there is no such camera, or an array has another length than the picture
   */
  draw(camera: string, size: ImageSize, outputs: RenderOutputs): void {
    this.#running();
    if (!this.spec.cameras.includes(camera)) {
      throw new InputError(`${this.spec.id} has no camera "${camera}"; it has ${this.spec.cameras.join(', ')}`);
    }
    this.#view ??= new CameraView(this.#physics, this.#task.bounds);
    this.#view.render(camera, size, outputs);
  }

  /** Names of the bodies that the numbers of segmentation pictures stand for; a body of several shapes has several. */
  get segments(): readonly string[] {
    return segmentNames(this.#physics);
  }

  scene(): Scene {
    this.#running();
    return viewerScene(this.#physics, this.#task.bounds, armNames.base);
  }

  writePoses(out: Float32Array): void {
    this.#running();
    this.#viewerPoses.write(out);
  }

  close(): void {
    this.#closed = true;
    this.#view = undefined;
    this.#physics.close();
  }

  #checkOpen(): void {
    if (this.#closed) throw new InputError(`${this.spec.id} has been closed; make it anew`);
  }

  #running(): Stage {
    this.#checkOpen();
    if (!this.#started) throw new InputError(`${this.spec.id}: no episode has begun; call reset first`);
    return this.#stage;
  }

  /** Clips an action to its bounds and hands it to target, controller and gripper. */
  #command(action: ArrayLike<number>): void {
    const { entries } = this.spec.actionSpace;
    const clipped = this.#action;
    for (let index = 0; index < clipped.length; index++) {
      const { low, high } = entries[index]!;
      clipped[index] = Math.min(high, Math.max(low, action[index]!));
    }
    this.#target.apply(clipped, this.#stage.arm.jointPositions);
    this.#controller.reference.setGoal(this.#target.joints);
    this.#controller.setGripperGoal(clipped[clipped.length - 1]!);
  }

  /** One control step of physics. When it cannot be trusted, the state before it comes back, which can be observed. */
  #simulate(): Fault | undefined {
    this.#physics.checkpoint();
    this.#knock = undefined;
    try {
      this.#physics.step(this.#physicsSteps, this.#tick);
      this.#watch();
      return undefined;
    } catch (error) {
      if (!(error instanceof UnsoundPhysicsError)) throw error;
      this.#physics.rollBack();
      return 'simulation_unsound';
    }
  }

  /** After a physics step. */
  #watch(): void {
    this.#controller.watch();
    if (this.#feelsEveryStep && this.#toolFault() === 'cartesian_reflex') this.#knock = 'cartesian_reflex';
  }

  #selfCollision(): Fault | undefined {
    // Without a torque from outside nothing touches hard enough; forces are not computed for nothing.
    if (!this.#controller.externalTorques.some((torque) => Math.abs(torque) > FELT_TORQUE)) return undefined;
    const touching = this.#selfCollisions.some(({ values }) => values[0]! > 0);
    return touching ? 'self_collision_avoidance_violation' : undefined;
  }

  #toolFault(): Fault | undefined {
    const { jointPositions, jointVelocities } = this.#stage.arm;
    return this.#monitor.check(jointPositions, jointVelocities, this.#controller.externalTorques);
  }

  #observe(): Float32Array {
    const { arm } = this.#stage;
    const observation = new Float32Array(spaceSize(this.spec.observationSpace));
    writeArm(arm, this.#target.pose, this.#controller.gripperGoal, observation);
    // A joint that is faster ends the episode by a fault; what is observed of it then stays within the bounds.
    const { entries } = this.spec.observationSpace;
    for (let index = armLayout.jointVelocities; index < armLayout.tcp; index++) {
      const { low, high } = entries[index]!;
      observation[index] = Math.min(high, Math.max(low, observation[index]!));
    }
    this.#task.observe(this.#stage, observation.subarray(armLayout.end));
    return observation;
  }

  /** Steps done, whether the episode has ended, the task's memory, target and controller, then the physics. */
  #saveState(): Float64Array {
    const { memory } = this.#running();
    const numbers: number[] = [this.#stepsDone, this.#ended ? 1 : 0, ...memory];
    this.#target.save(numbers);
    this.#controller.save(numbers);
    const physics = this.#physics.state();
    const state = new Float64Array(numbers.length + physics.length);
    state.set(numbers);
    state.set(physics, numbers.length);
    return state;
  }

  #restoreState(state: Float64Array): void {
    this.#checkOpen();
    const { memory } = this.#stage;
    const target = 2 + memory.length;
    const controller = target + this.#target.stateSize;
    const physics = controller + this.#controller.stateSize;
    const expected = physics + this.#physics.stateSize;
    if (state.length !== expected) {
      throw new InputError(`${this.spec.id}: state has ${state.length} numbers; expected ${expected}`);
    }
    const bad = state.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0)
      throw new InputError(`${this.spec.id}: state entry ${bad} is ${state[bad]}; expected a finite number`);
    this.#stepsDone = state[0]!;
    this.#ended = state[1] === 1;
    memory.set(state.subarray(2, target));
    this.#target.load(state.subarray(target, controller));
    this.#controller.load(state.subarray(controller, physics));
    this.#physics.restore(state.slice(physics));
    this.#started = true;
  }
}
