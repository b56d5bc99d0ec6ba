import { InputError, type StopSignal, UnavailableError } from '@rapport/core';
import type { DiagnosticArray, JointTrajectoryControllerState, NamedValues } from '../graph/messages.js';
import { type LifecycleHandlers, type LifecycleRosNode, openLifecycleNode } from '../graph/lifecycle-node.js';
import type { Parameters } from '../graph/parameters.js';
import { qosProfiles } from '../graph/qos.js';
import { toRosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import { waitUntil } from '../graph/wait.js';
import { readLimits, type SafetyLimits } from '../safety/index.js';
import { CommandClock } from './command-clock.js';
import { ControlLoop, type LoopReport } from './control-loop.js';
import { checkClock, checkListeners, checkPublishers, type NeededTopic } from './graph-check.js';
import { GripperCommands } from './gripper-commands.js';
import { type InputNames, inputTopics, neededTopics, RunnerInputs } from './inputs.js';
import { LatencyStatistics } from './latency.js';
import { runnerParameters } from './parameters.js';
import type { PolicySource } from './policy-messages.js';
import { PolicyProcess } from './policy-process.js';
import { runnerReport } from './report.js';
import type { RobotTask } from './robot-task.js';
import {
  type ArmCommand,
  armCommand,
  commandTopic,
  controllerName,
  inputNames,
  type RunnerValues,
  taskOf,
} from './runner-setup.js';

/** What is run, and how. */
export interface RunnerOptions {
  readonly policy: PolicySource;
  /** Environment whose observations and actions the policy knows; by default the one that it was trained in. */
  readonly envId?: string;
  /** A limits file, or `panda` or `fr3` for those that ship. */
  readonly limits: string;
  /** The arm moves only while the operator keeps signing, see `Runner.operatorSigns`. */
  readonly operatorKey?: boolean;
  /** `--ros-args` and what follows it. */
  readonly rosArguments?: readonly string[];
  /** Whether it goes to the state `active` by itself, when the graph offers what it needs. */
  readonly autostart?: boolean;
  /** Seconds to wait for the graph when it starts by itself. */
  readonly patience?: number;
  readonly signal?: StopSignal;
}

/** Wall time between two looks at the clock, ms. */
const PUMP_MS = 1;
const REPORT_MS = 1000;
/** An arm that rests within this is at the place where its controller holds it, rad. */
const CONTROLLER_OFFSET = 0.1;

/**
 * Opens the lifecycle node `runner`: a policy that acts on an arm through a safety envelope.
 * @throws InputError when the limits file, the policy or its environment do not fit; UnavailableError when ROS 2 has not been
 *   set up, or the graph does not offer what the policy needs
 */
export async function openRunner(options: RunnerOptions): Promise<Runner> {
  const limits = await readLimits(options.limits);
  let runner: Runner | undefined;
  const policy = await PolicyProcess.open(options.policy, {
    onChunk: (id, actions) => runner?.offerChunk(id, actions),
    onFailed: (id, message) => runner?.chunkFailed(id, message),
    onExit: (reason) => runner?.policyEnded(reason),
  });
  try {
    const task = taskOf(policy.description, options.envId);
    const node = await openLifecycleNode(
      { name: 'runner', ...(options.rosArguments !== undefined && { arguments: options.rosArguments }) },
      () => handlersOf(() => runner),
    );
    runner = makeRunner(node, { policy, task, limits, operatorKey: options.operatorKey === true });
    if (options.autostart !== false) await runner.start(options.patience ?? 10, options.signal);
    return runner;
  } catch (error) {
    await runner?.close();
    policy.close();
    throw error;
  }
}

/** @throws InputError when a parameter has a value that it cannot have; the node is closed then */
function makeRunner(node: LifecycleRosNode, parts: RunnerParts): Runner {
  try {
    return new Runner(node, parts);
  } catch (error) {
    node.close();
    throw error;
  }
}

function handlersOf(runner: () => Runner | undefined): LifecycleHandlers {
  return {
    configure: () => runner()?.checkGraph(),
    activate: () => runner()?.activate(),
    deactivate: () => runner()?.deactivate(),
    shutdown: () => runner()?.deactivate(),
  };
}

interface RunnerParts {
  readonly policy: PolicyProcess;
  readonly task: RobotTask;
  readonly limits: SafetyLimits;
  readonly operatorKey: boolean;
}

/** A running policy as a lifecycle node: it listens from the start, and commands the arm while it is active. */
export class Runner {
  readonly node: LifecycleRosNode;
  readonly task: RobotTask;
  /** Comes when the policy's process has ended by itself: then the arm is brought to rest, and nothing moves it again. */
  readonly failed: Promise<Error>;
  readonly #policy: PolicyProcess;
  readonly #limits: SafetyLimits;
  readonly #parameters: Parameters<typeof runnerParameters>;
  readonly #names: InputNames;
  readonly #loop: ControlLoop;
  readonly #inputs: RunnerInputs;
  readonly #commandTopic: NeededTopic;
  readonly #command: ArmCommand;
  readonly #gripper: GripperCommands;
  readonly #clock: CommandClock;
  readonly #intervals = new LatencyStatistics();
  readonly #diagnostics: Publisher<DiagnosticArray>;
  readonly #statistics: Publisher<NamedValues>;
  #reference: Float64Array | undefined;
  #pump: NodeJS.Timeout | undefined;
  #tickedAt: number | undefined;
  /** Why the policy's process does not plan any more. */
  #policyFailure: string | undefined;
  #tellFailure: (error: Error) => void = () => {};
  #failure: unknown;
  readonly #report: NodeJS.Timeout;

  constructor(node: LifecycleRosNode, parts: RunnerParts) {
    const { policy, task, limits, operatorKey } = parts;
    this.node = node;
    this.task = task;
    this.failed = new Promise((tell) => {
      this.#tellFailure = tell;
    });
    this.#policy = policy;
    this.#limits = limits;
    this.#parameters = node.parameters(runnerParameters);
    const { values } = this.#parameters;
    this.#names = inputNames(values, task, policy.description, limits);
    this.#loop = this.#makeLoop(values, operatorKey);
    this.#inputs = new RunnerInputs(node, this.#loop, this.#names);
    this.#clock = new CommandClock(1 / values.command_rate);
    this.#gripper = new GripperCommands(node, values.gripper_name, () => {
      const { gripper_speed, gripper_force } = this.#parameters.values;
      return { speed: gripper_speed, force: gripper_force };
    });
    const controller = controllerName(values, limits);
    this.#commandTopic = commandTopic(values, controller);
    this.#command = armCommand(node, values, this.#commandTopic, {
      limits,
      joints: this.#names.joints,
      envelope: this.#loop.envelope,
    });
    if (values.command === 'joint_trajectory') this.#watchController(controller);
    this.#diagnostics = node.publisher('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', qosProfiles.default);
    this.#statistics = node.publisher('rapport_msgs/msg/NamedValues', '~/statistics', qosProfiles.default);
    this.#report = setInterval(() => this.#tell(), REPORT_MS);
  }

  /** How it does. */
  get report(): LoopReport {
    return this.#loop.report;
  }

  /** Wall time between two commands, seconds. */
  get commandIntervals(): { readonly p50: number; readonly p99: number } {
    return this.#intervals.percentiles();
  }

  /** Whether commands are being sent: also after `deactivate`, until the arm rests. */
  get commanding(): boolean {
    return this.#pump !== undefined;
  }

  /** The operator holds the key that lets the arm move. */
  operatorSigns(): void {
    this.#loop.offerDeadMan(this.#now(), true);
  }

  /**
   * Waits for the graph, then goes to the state `active`.
   * @param patience seconds
   * @throws InputError or UnavailableError saying what keeps it from that
   */
  async start(patience: number, signal?: StopSignal): Promise<void> {
    let problem: unknown;
    const settled = () => {
      problem = this.#obstacle();
      return problem === undefined;
    };
    if (!(await waitUntil(settled, 1000 * patience, signal))) throw problem;
    for (const transition of ['configure', 'activate'] as const) this.node.transition(transition);
    if (this.node.state !== 'active') throw this.#failure;
  }

  /** @throws InputError or UnavailableError when the graph does not offer what the policy needs */
  checkGraph(): void {
    const { graph } = this.node;
    checkClock(this.node);
    checkPublishers(graph, neededTopics(this.#names));
    checkListeners(graph, this.#commandTopic);
    if (!this.#gripper.available) {
      throw new UnavailableError(`no node offers the actions ${this.#parameters.values.gripper_name}/move and grasp`, {
        fix: 'start the gripper, or name it: -p gripper_name:=NAME',
      });
    }
  }

  /** Starts from where the arm rests. */
  activate(): void {
    try {
      const measured = this.#loop.sensing.joints?.value.positions;
      const reference = this.#reference;
      const near =
        measured !== undefined &&
        reference?.every((value, joint) => Math.abs(value - measured[joint]!) < CONTROLLER_OFFSET) === true;
      this.#loop.start(this.#now(), near ? reference : undefined);
      this.#command.start();
      this.#policy.reset(this.#parameters.values.seed);
      this.#gripper.forget();
      this.#tickedAt = undefined;
      this.#pump ??= setInterval(() => this.#advance(), PUMP_MS);
    } catch (error) {
      this.#failure = error;
      throw error;
    }
  }

  /** Brings the arm to rest; commands go on until it is. */
  deactivate(): void {
    this.#loop.halt();
  }

  /** Brings the arm to rest, then leaves the graph and ends the policy. */
  async close(): Promise<void> {
    this.deactivate();
    await waitUntil(() => !this.commanding, 3000);
    this.#stopSending();
    clearInterval(this.#report);
    this.node.close();
    this.#policy.close();
  }

  offerChunk(id: number, actions: readonly Float32Array[]): void {
    this.#loop.offerChunk(this.#now(), id, actions);
  }

  chunkFailed(id: number, message: string): void {
    this.node.error(`the policy cannot plan: ${message}`);
    this.#loop.chunkFailed(id);
  }

  policyEnded(reason: string): void {
    this.#policyFailure = `the process of policy "${this.#policy.description.name}" has ended: ${reason}`;
    this.node.error(`${this.#policyFailure}; the arm is held`);
    this.#loop.halt();
    this.#tellFailure(new UnavailableError(this.#policyFailure));
  }

  #now(): number {
    return Number(this.node.now()) / 1e9;
  }

  #makeLoop(values: RunnerValues, operatorKey: boolean): ControlLoop {
    const { graph } = this.node;
    const { cameras, gripper, watchesRobotState, deadManTopic } = this.#names;
    return new ControlLoop(
      {
        task: this.task,
        limits: this.#limits,
        commandHz: values.command_rate,
        chunk: this.#policy.description.chunk,
        cameras: cameras.map(({ camera }) => camera),
        fadeSteps: values.blend_steps,
        topics: {
          joints: graph.resolve(inputTopics.joints),
          gripper: graph.resolve(inputTopics.gripper(gripper)),
          taskValues: graph.resolve(inputTopics.taskValues),
          robotState: graph.resolve(inputTopics.robotState),
          cameras: Object.fromEntries(
            cameras.map(({ camera }) => [camera, graph.resolve(inputTopics.camera(camera))] as const),
          ),
        },
        watchesRobotState,
        deadMan: operatorKey ? 'the operator’s key' : deadManTopic === '' ? undefined : graph.resolve(deadManTopic),
      },
      {
        requestChunk: (request) => this.#policy.sample(request),
        tell: (line, event) => {
          if ('cause' in event && event.cause !== 'requested') this.node.error(line);
          else this.node.warn(line);
        },
      },
    );
  }

  /** Where the controller holds the arm is where the first setpoint has to be. */
  #watchController(controller: string): void {
    this.node.subscribe<JointTrajectoryControllerState>(
      'control_msgs/msg/JointTrajectoryControllerState',
      `${controller}/controller_state`,
      qosProfiles.newest,
      ({ joint_names, reference }) => {
        if (this.commanding) return;
        const order = this.#names.joints.map((joint) => joint_names.indexOf(joint));
        const positions = Float64Array.from(order, (place) => reference.positions[place] ?? Number.NaN);
        this.#reference = positions.every(Number.isFinite) ? positions : undefined;
      },
    );
  }

  /** What keeps it from starting now. */
  #obstacle(): unknown {
    try {
      this.checkGraph();
    } catch (error) {
      return error;
    }
    const [problem] = this.#inputs.problems;
    if (problem !== undefined) return new InputError(`${problem[0]}: ${problem[1]}`);
    const [silent] = this.#loop.sensing.silentSources;
    if (silent !== undefined) return new UnavailableError(`no message has come on ${silent}`);
    if (this.node.usesSimTime && this.node.now() === 0n) {
      return new UnavailableError('/clock tells no time', {
        fix: 'start the simulator, or add -p use_sim_time:=false',
      });
    }
    return undefined;
  }

  /** Does the tick that is due, if one is. */
  #advance(): void {
    try {
      const now = this.#now();
      const due = this.#clock.tick(now);
      if (due === undefined) return;
      this.#measureInterval();
      this.#loop.tick(now);
      this.#command.send(due);
      const width = this.#loop.gripperWidth;
      if (width !== undefined) this.#gripper.want(width);
      if (this.#loop.halted && this.#loop.envelope.stopSteps === 0) this.#stopSending();
    } catch (error) {
      // The controller has the stop from the last setpoint.
      this.#stopSending();
      this.node.error(`no commands are sent any more: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #stopSending(): void {
    clearInterval(this.#pump);
    this.#pump = undefined;
  }

  #measureInterval(): void {
    const now = performance.now() / 1000;
    if (this.#tickedAt !== undefined) this.#intervals.add(now - this.#tickedAt);
    this.#tickedAt = now;
  }

  #tell(): void {
    const stamp = toRosTime(this.node.now());
    const { diagnostics, statistics } = runnerReport(this.node.name, this.#loop.report, {
      problems: this.#inputs.problems,
      policyFailure: this.#policyFailure,
      intervals: this.#intervals.percentiles(),
      commanding: this.commanding,
    });
    this.#diagnostics.publish({ header: { stamp }, status: diagnostics });
    this.#statistics.publish({ header: { stamp }, ...statistics });
  }
}
