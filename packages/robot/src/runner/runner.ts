import { InputError, type StopSignal, UnavailableError } from '@rapport/core';
import type { LifecycleRosNode } from '../graph/lifecycle-node.js';
import type { DiagnosticArray, NamedValues } from '../graph/messages.js';
import type { Parameters } from '../graph/parameters.js';
import { qosProfiles } from '../graph/qos.js';
import { toRosTime } from '../graph/time.js';
import type { Publisher } from '../graph/topics.js';
import { waitUntil } from '../graph/wait.js';
import type { SafetyLimits } from '../safety/index.js';
import { CommandPump } from './command-pump.js';
import { ControlLoop, type LoopReport, type StepListener } from './control-loop.js';
import { ControllerReference } from './controller-reference.js';
import { checkClock, checkListeners, checkPublishers, type NeededTopic } from './graph-check.js';
import { GripperCommands } from './gripper-commands.js';
import { type InputNames, neededTopics, RunnerInputs } from './inputs.js';
import { runnerParameters } from './parameters.js';
import type { PolicyProcess } from './policy-process.js';
import { runnerReport } from './report.js';
import type { RobotTask } from './robot-task.js';
import {
  type ArmCommand,
  armCommand,
  commandTopic,
  controllerName,
  inputNames,
  loopSetup,
  type RunnerValues,
} from './runner-setup.js';

const REPORT_MS = 1000;
/** How long an arm may take to come to rest, ms. */
const RESTING_MS = 3000;

/** What a runner is made of. */
export interface RunnerParts {
  readonly policy: PolicyProcess;
  readonly task: RobotTask;
  readonly limits: SafetyLimits;
  readonly operatorKey: boolean;
  readonly steps: StepListener | undefined;
}

/** A running policy as a lifecycle node: it listens from the start, and commands the arm while it is active. */
export class Runner {
  readonly node: LifecycleRosNode;
  readonly task: RobotTask;
  /** Comes when the policy's process has ended by itself: then the arm is brought to rest, and nothing moves it again. */
  readonly failed: Promise<Error>;
  readonly #policy: PolicyProcess;
  readonly #parameters: Parameters<typeof runnerParameters>;
  readonly #names: InputNames;
  readonly #loop: ControlLoop;
  readonly #inputs: RunnerInputs;
  readonly #commandTopic: NeededTopic;
  readonly #command: ArmCommand;
  readonly #gripper: GripperCommands;
  readonly #pump: CommandPump;
  readonly #diagnostics: Publisher<DiagnosticArray>;
  readonly #statistics: Publisher<NamedValues>;
  #reference: ControllerReference | undefined;
  /** Why the policy's process does not plan any more. */
  #policyFailure: string | undefined;
  #tellFailure: (error: Error) => void = () => {};
  #failure: unknown;
  /** Of the policy's random numbers in this episode; undefined: the parameter's. */
  #seed: number | undefined;
  readonly #report: NodeJS.Timeout;

  constructor(node: LifecycleRosNode, parts: RunnerParts) {
    const { policy, task, limits } = parts;
    this.node = node;
    this.task = task;
    this.failed = new Promise((tell) => {
      this.#tellFailure = tell;
    });
    this.#policy = policy;
    this.#parameters = node.parameters(runnerParameters);
    const { values } = this.#parameters;
    this.#names = inputNames(values, task, policy.description, limits);
    this.#loop = this.#makeLoop(parts, values);
    this.#inputs = new RunnerInputs(node, this.#loop, this.#names);
    this.#pump = new CommandPump(1 / values.command_rate, {
      now: () => this.#now(),
      even: !node.usesSimTime,
      tick: (now, due) => this.#advance(now, due),
      // The controller has the stop from the last setpoint.
      failed: (error) => node.error(`no commands are sent any more: ${error instanceof Error ? error.message : error}`),
    });
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
    if (values.command === 'joint_trajectory') {
      this.#reference = new ControllerReference(node, controller, this.#names.joints, () => !this.commanding);
    }
    this.#diagnostics = node.publisher('diagnostic_msgs/msg/DiagnosticArray', '/diagnostics', qosProfiles.default);
    this.#statistics = node.publisher('rapport_msgs/msg/NamedValues', '~/statistics', qosProfiles.default);
    this.#report = setInterval(() => this.#tell(), REPORT_MS);
  }

  get policyName(): string {
    return this.#policy.description.name;
  }

  /** How it does. */
  get report(): LoopReport {
    return this.#loop.report;
  }

  /** Wall time between two commands, seconds. */
  get commandIntervals(): { readonly p50: number; readonly p99: number } {
    return this.#pump.intervals;
  }

  /** Whether commands are being sent: also after `deactivate`, until the arm rests. */
  get commanding(): boolean {
    return this.#pump.running;
  }

  /** The operator holds the key that lets the arm move. */
  operatorSigns(): void {
    this.#loop.offerDeadMan(this.#now(), true);
  }

  /**
   * Waits for the graph, then goes to the state `inactive`, from which the arm can be started.
   * @param patience seconds
   * @throws InputError or UnavailableError saying what keeps it from that
   */
  async prepare(patience: number, signal?: StopSignal): Promise<void> {
    let problem: unknown;
    const settled = () => {
      problem = this.#obstacle();
      return problem === undefined;
    };
    if (!(await waitUntil(settled, 1000 * patience, signal))) throw problem;
    if (this.node.transition('configure') !== 'inactive') throw this.#obstacle();
  }

  /**
   * Goes to the state `active`: the policy acts from where the arm rests.
   * @param seed of the policy's random numbers; the parameter's when absent
   * @throws InputError when the arm moves, or is outside its limits
   */
  begin(seed?: number): void {
    this.#seed = seed;
    const state = this.node.transition('activate');
    this.#seed = undefined;
    if (state !== 'active') throw this.#failure;
  }

  /** Goes to the state `inactive`, and comes when the arm rests. */
  async rest(): Promise<void> {
    this.node.transition('deactivate');
    await this.#untilResting();
  }

  /** Names of sources that have told nothing about any time after this one, seconds. */
  silentSince(time: number): string[] {
    return this.#loop.sensing.silentSince(time);
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
      this.#loop.start(this.#now(), measured && this.#reference?.near(measured));
      this.#command.start();
      this.#policy.reset(this.#seed ?? this.#parameters.values.seed);
      this.#gripper.forget();
      this.#pump.start();
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
    await this.#untilResting();
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

  #makeLoop({ policy, task, limits, operatorKey, steps }: RunnerParts, values: RunnerValues): ControlLoop {
    const { chunk } = policy.description;
    const setup = loopSetup(this.node.graph, values, this.#names, { task, limits, chunk, operatorKey });
    return new ControlLoop(setup, {
      steps,
      requestChunk: (request) => policy.sample(request),
      tell: (line, event) => {
        if ('cause' in event && event.cause !== 'requested') this.node.error(line);
        else this.node.warn(line);
      },
    });
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
    const silent = this.silentSince(Number.NEGATIVE_INFINITY);
    if (silent.length > 0) return new UnavailableError(`no message has come on ${silent.join(', ')}`);
    if (this.node.usesSimTime && this.node.now() === 0n) {
      return new UnavailableError('/clock tells no time', {
        fix: 'start the simulator, or add -p use_sim_time:=false',
      });
    }
    return undefined;
  }

  /** Moves the setpoint on and sends it; false when the arm rests and is to. */
  #advance(now: number, due: number): boolean {
    this.#loop.tick(now);
    this.#command.send(due);
    const width = this.#loop.gripperWidth;
    if (width !== undefined) this.#gripper.want(width);
    return !this.#loop.halted || this.#loop.envelope.stopSteps > 0;
  }

  async #untilResting(): Promise<void> {
    await waitUntil(() => !this.commanding, RESTING_MS);
    this.#pump.stop();
  }

  #tell(): void {
    const stamp = toRosTime(this.node.now());
    const { diagnostics, statistics } = runnerReport(this.node.name, this.#loop.report, {
      problems: this.#inputs.problems,
      policyFailure: this.#policyFailure,
      intervals: this.#pump.intervals,
      commanding: this.commanding,
    });
    this.#diagnostics.publish({ header: { stamp }, status: diagnostics });
    this.#statistics.publish({ header: { stamp }, ...statistics });
  }
}
