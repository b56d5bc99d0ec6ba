import { InputError } from '@rapport/core';
import { type LifecycleHandlers, type LifecycleRosNode, openLifecycleNode } from '../graph/lifecycle-node.js';
import type { DiagnosticArray, DiagnosticStatus, Outgoing } from '../graph/messages.js';
import type { Parameters, ParameterValues } from '../graph/parameters.js';
import { qosProfiles } from '../graph/qos.js';
import { toRosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import { serveArm } from './arm-topics.js';
import { CameraPublisher } from './cameras.js';
import type { CommandContext } from './command-context.js';
import { serveGripper } from './gripper-topics.js';
import { type RobotType, robotNames } from './names.js';
import { type Pace, Pacer } from './pacer.js';
import { simulatorParameters } from './parameters.js';
import { type ArmControllerName, SimulatedRobot } from './robot.js';
import { openCell } from './scene.js';
import { SceneServices } from './scene-services.js';
import { StateTopics } from './state-topics.js';

export interface SimulatorOptions {
  /** A manipulation environment with a Franka, for example `franka/cup`. */
  readonly envId: string;
  /** Another of Franka's arms than the environment's own. */
  readonly robotType?: RobotType;
  /** `--ros-args` and what follows it. */
  readonly rosArguments?: readonly string[];
  /** Whether it goes to the state `active` by itself; true when absent. */
  readonly autostart?: boolean;
}

type Values = ParameterValues<typeof simulatorParameters>;

/** Wall time between two looks at how many ticks are due, ms. */
const PUMP_MS = 1;
const DIAGNOSTICS_MS = 1000;
/** Slower than this share of the pace that is wanted is worth a warning. */
const SLOW = 0.95;

/**
 * Opens the node `simulator`: a Franka in the scene of a task, with the topics, services and actions of franka_ros2, of
 * ros2_controllers' joint_trajectory_controller and of crisp_controllers. docs/ros2.md lists them.
 * @throws InputError when there is no such scene, or a parameter has a value that it cannot have
 * @throws UnavailableError when ROS 2 has not been set up
 */
export async function openSimulator(options: SimulatorOptions): Promise<Simulator> {
  const { cell, robotType } = await openCell(options.envId, options.robotType);
  // The simulator is where simulated time comes from; `-p use_sim_time:=false` makes it run in wall time.
  const defaults = ['--ros-args', '-p', 'use_sim_time:=true'];
  let simulator: Simulator | undefined;
  const node = await openLifecycleNode(
    { name: 'simulator', arguments: [...defaults, ...(options.rosArguments ?? [])] },
    () => handlersOf(() => simulator),
  );
  try {
    const robot = new SimulatedRobot(cell, robotNames(robotType).joints, (fault) => {
      node.error(`the arm stopped by itself: ${fault}; recover through action_server/error_recovery, or reset`);
    });
    simulator = new Simulator(node, robot, options.envId, robotType);
    if (options.autostart !== false) simulator.start();
    return simulator;
  } catch (error) {
    node.close();
    cell.close();
    throw error;
  }
}

function handlersOf(simulator: () => Simulator | undefined): LifecycleHandlers {
  return {
    configure: () => simulator()?.configure(),
    activate: () => simulator()?.activate(),
    deactivate: () => simulator()?.deactivate(),
    cleanup: () => simulator()?.configure(),
    shutdown: () => simulator()?.deactivate(),
  };
}

/** The simulator as a lifecycle node. Its entities are there from the start; it moves and tells while it is active. */
export class Simulator {
  readonly node: LifecycleRosNode;
  readonly robot: SimulatedRobot;
  readonly #parameters: Parameters<typeof simulatorParameters>;
  readonly #topics: StateTopics;
  readonly #cameras: CameraPublisher;
  readonly #scene: SceneServices;
  readonly #diagnostics: Publisher<DiagnosticArray>;
  readonly #realTimeFactor: Publisher<{ readonly data: number }>;
  readonly #tickNs: bigint;
  readonly #simTime: boolean;
  #cameraTicks: number;
  #pacer: Pacer | undefined;
  #pump: NodeJS.Timeout | undefined;
  #report: NodeJS.Timeout | undefined;
  /** Ticks since the node was opened: simulated time never goes back. */
  #ticks = 0;
  #now = 0n;

  constructor(node: LifecycleRosNode, robot: SimulatedRobot, envId: string, robotType: RobotType) {
    this.node = node;
    this.robot = robot;
    this.#tickNs = BigInt(Math.round(robot.cell.timestep * 1e9));
    this.#simTime = node.usesSimTime;
    this.#parameters = node.parameters(simulatorParameters, (values) => this.#apply(values));
    const { values } = this.#parameters;
    const names = robotNames(robotType);
    const context: CommandContext = { node, robot, names, active: () => this.active, now: () => this.#now };
    const size = { width: values.image_width, height: values.image_height };
    this.#topics = new StateTopics(node, robot, names, values.gripper_name, this.#simTime);
    this.#cameras = new CameraPublisher(node, robot.cell, { envId, robotType, size });
    this.#scene = new SceneServices(context, values.seed, (seed) => this.#parameters.set('seed', seed));
    this.#diagnostics = node.publisher('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', qosProfiles.default);
    this.#realTimeFactor = node.publisher('std_msgs/msg/Float64', '~/real_time_factor', qosProfiles.default);
    this.#cameraTicks = 1;
    this.#apply(values);
    serveArm(context);
    serveGripper(context, values.gripper_name);
    this.#now = this.#simTime ? 0n : wallTime();
  }

  get active(): boolean {
    return this.#pump !== undefined;
  }

  /** Goes to the state `active`. @throws InputError when a transition fails */
  start(): void {
    for (const transition of ['configure', 'activate'] as const) this.node.transition(transition);
    if (this.node.state !== 'active') {
      throw new InputError(`the simulator is ${this.node.state}; expected active`, {
        fix: 'look into the lines before this one',
      });
    }
  }

  /** The scene at the start of an episode, standing still. */
  configure(): void {
    this.#scene.reset();
  }

  activate(): void {
    const { real_time_factor } = this.#parameters.values;
    this.#pacer = new Pacer(this.#tickNs, real_time_factor, process.hrtime.bigint());
    this.#topics.publishStatic(toRosTime(this.#now));
    this.#pump = setInterval(() => this.#advance(), PUMP_MS);
    this.#report = setInterval(() => this.#tell(), DIAGNOSTICS_MS);
  }

  /** Time stands still; nothing is told and nothing obeyed. */
  deactivate(): void {
    clearInterval(this.#pump);
    clearInterval(this.#report);
    this.#pump = undefined;
    this.#report = undefined;
  }

  /** Leaves the graph and frees the physics. */
  close(): void {
    this.deactivate();
    this.#cameras.close();
    this.node.close();
    this.robot.cell.close();
  }

  #apply(values: Values): void {
    this.#topics?.setRates(values);
    this.#cameraTicks = Math.max(1, Math.round(1 / (values.camera_rate * this.robot.cell.timestep)));
    this.robot.switchController(values.controller as ArmControllerName);
    this.#scene?.setSeed(values.seed);
  }

  /** Does the ticks that are due. */
  #advance(): void {
    const due = this.#pacer!.due(process.hrtime.bigint());
    const wall = this.#simTime ? 0n : wallTime();
    for (let left = due - 1; left >= 0; left--) {
      this.#ticks += 1;
      this.#now = this.#simTime ? this.#now + this.#tickNs : wall - BigInt(left) * this.#tickNs;
      this.robot.tick(this.#now);
      this.#scene.update(this.#ticks, this.#now);
      this.#topics.publish(this.#ticks, this.#now);
      if (this.#ticks % this.#cameraTicks === 0) this.#cameras.publish(toRosTime(this.#now));
    }
  }

  /** Tells how the simulation keeps up, and how the arm is. */
  #tell(): void {
    const pace = this.#pacer!.measure(process.hrtime.bigint());
    this.#realTimeFactor.publish({ data: pace.realTimeFactor });
    this.#diagnostics.publish({
      header: { stamp: toRosTime(this.#now) },
      status: [this.#paceStatus(pace), this.#armStatus(), this.#cameraStatus()],
    });
  }

  #paceStatus({ realTimeFactor, secondsBehind }: Pace): Outgoing<DiagnosticStatus> {
    const wanted = this.#parameters.values.real_time_factor;
    const slow = realTimeFactor < SLOW * wanted;
    return {
      level: slow ? 1 : 0,
      name: `${this.node.name}: pace`,
      message: slow ? `falls behind: ${realTimeFactor.toFixed(2)} of real time, wanted ${wanted}` : 'keeps its pace',
      values: [
        { key: 'real_time_factor', value: realTimeFactor.toFixed(3) },
        { key: 'seconds_given_up', value: secondsBehind.toFixed(3) },
      ],
    };
  }

  #armStatus(): Outgoing<DiagnosticStatus> {
    const { fault, mode, controller } = this.robot;
    return {
      level: fault === undefined ? 0 : 2,
      name: `${this.node.name}: arm`,
      message: fault === undefined ? 'takes commands' : `stopped by itself: ${fault}`,
      values: [
        { key: 'robot_mode', value: String(mode) },
        { key: 'controller', value: controller },
      ],
    };
  }

  #cameraStatus(): Outgoing<DiagnosticStatus> {
    const { failure, skipped } = this.#cameras;
    const level = failure !== undefined ? 2 : skipped > 0 ? 1 : 0;
    const behind =
      skipped > 0 ? `${skipped} frames were left out because drawing takes longer than their period` : 'fine';
    return { level, name: `${this.node.name}: cameras`, message: failure ?? behind, values: [] };
  }
}

function wallTime(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1e6));
}
