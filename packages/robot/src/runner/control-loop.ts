import { InputError } from '@rapport/core';
import type { ChunkShape, ObservedStep } from '@rapport/policy';
import { armLayout } from '@rapport/sim';
import {
  type Clamp,
  hardwareLimits,
  latchedStops,
  SafetyEnvelope,
  type SafetyLimits,
  type Stop,
} from '../safety/index.js';
import { ArmMotion, type MovingGoal } from './arm-motion.js';
import { ChunkBlender } from './chunk-blender.js';
import { EventLog } from './event-log.js';
import { LatencyStatistics } from './latency.js';
import type { RobotTask } from './robot-task.js';
import { SetpointHistory } from './setpoint-history.js';
import { synchronise } from './synchronise.js';
import { TimeSeries } from './time-series.js';
import { stopCause } from './watchdog.js';

/** An arm slower than this rests, rad/s: what encoders' noise looks like. */
const RESTING_SPEED = 0.05;
/** How late an arm may follow its setpoints, seconds. */
const FOLLOWING_DELAY = 0.3;
/** Share of a control step by which ticks may come early and still belong to it. */
const STEP_ROUNDING = 1e-3;

/** What a control loop is for. */
export interface LoopSetup {
  readonly task: RobotTask;
  readonly limits: SafetyLimits;
  /** Setpoints per second. */
  readonly commandHz: number;
  readonly chunk: ChunkShape;
  /** Cameras that the policy looks at, in its order. */
  readonly cameras: readonly string[];
  /** Steps over which a chunk passes into the next. */
  readonly fadeSteps: number;
  /** Topics, for messages: where each kind of input comes from. */
  readonly topics: {
    readonly joints: string;
    readonly gripper: string;
    readonly taskValues: string;
    readonly robotState: string;
    /** By camera. */
    readonly cameras: Readonly<Record<string, string>>;
  };
  /** Whether the robot's own state is watched; without it nothing is known of contacts. */
  readonly watchesRobotState: boolean;
  /** Where the operator's sign comes from, for messages; undefined when none is asked for. */
  readonly deadMan: string | undefined;
}

/** What a policy is asked. */
export interface ChunkRequest {
  readonly id: number;
  /** Oldest first. */
  readonly history: readonly ObservedStep[];
}

/** What the loop calls. */
export interface LoopHooks {
  /** Starts planning; the answer comes through `offerChunk` or `chunkFailed`. */
  readonly requestChunk: (request: ChunkRequest) => void;
  /** Every clamp and stop as a line, see `EventLog`. */
  readonly tell: (line: string, event: Clamp | Stop) => void;
}

/** External forces and the robot's own state. */
export interface RobotReading {
  readonly force: number;
  readonly moment: number;
  /** N m, shape [7]. */
  readonly jointTorques: ArrayLike<number>;
  /** Why the robot does not move, for example `reflex`; undefined while it may. */
  readonly mode: string | undefined;
}

/** What the loop is at. */
export type LoopMode =
  /** Held, because something is not as it must be. */
  | 'held'
  /** All is well, and the first chunk has not come yet. */
  | 'waiting'
  | 'acting';

/** How the loop does. */
export interface LoopReport {
  readonly mode: LoopMode;
  readonly stop: Stop | undefined;
  /** Control steps since the loop began, those without an action, and chunks used. */
  readonly steps: number;
  readonly missedSteps: number;
  readonly chunks: number;
  /** Seconds from asking for a chunk to having it. */
  readonly inference: { readonly p50: number; readonly p99: number };
  /** Seconds that an observation is old when it is asked with. */
  readonly observationAge: { readonly p50: number; readonly p99: number };
  /** Seconds from the time that an observation is about to the first setpoint that its plan has led to. */
  readonly reaction: { readonly p50: number; readonly p99: number };
  readonly counts: ReadonlyMap<string, number>;
}

interface JointReading {
  readonly positions: Float64Array;
  readonly velocities: Float64Array;
}

/**
 * Runs a policy on an arm. It is told what comes in and what time it is, and says at every tick where the arm is to be; it
 * reads no clock and knows no graph.
 *
 * Time is cut into control steps of the policy's period. At the beginning of a step the newest observation joins the
 * history; a chunk is asked for early enough that it is there before the one in use has been executed; the step's action
 * moves a goal for the joints, and the envelope follows that. When something is wrong the arm comes to rest and is held. When
 * it is well again, and the arm at rest, the loop begins anew from there; after a contact or a fault only when it is
 * started again.
 */
export class ControlLoop {
  readonly envelope: SafetyEnvelope;
  readonly #setup: LoopSetup;
  readonly #hooks: LoopHooks;
  readonly #motion: ArmMotion;
  readonly #blender: ChunkBlender;
  readonly #log: EventLog;
  readonly #setpoints: SetpointHistory;
  readonly #joints: TimeSeries<JointReading>;
  readonly #gripper: TimeSeries<number>;
  readonly #taskValues: TimeSeries<Float64Array>;
  readonly #robot: TimeSeries<RobotReading>;
  readonly #pictures: readonly TimeSeries<Uint8Array>[];
  readonly #leading: readonly TimeSeries<unknown>[];
  readonly #following: readonly TimeSeries<unknown>[];
  readonly #inference = new LatencyStatistics();
  readonly #observationAge = new LatencyStatistics();
  readonly #reaction = new LatencyStatistics();
  #mode: LoopMode = 'held';
  #stop: Stop | undefined;
  #latched: Stop | undefined;
  #now = Number.NEGATIVE_INFINITY;
  /** Seconds by count of ticks: unlike `#now` it never goes back. */
  #elapsed = 0;
  /** When step 0 began. */
  #origin = 0;
  #step = -1;
  #applied = false;
  #history: ObservedStep[] = [];
  #nextRequest = 0;
  #pending:
    | { readonly id: number; readonly step: number; readonly askedAt: number; readonly observedAt: number }
    | undefined;
  /** What the newest chunk is about, until it has led to a setpoint. */
  #unansweredAt: number | undefined;
  #withoutActionSince: number | undefined;
  #deadManAt = Number.NEGATIVE_INFINITY;
  #steps = 0;
  #missed = 0;
  #chunks = 0;

  constructor(setup: LoopSetup, hooks: LoopHooks) {
    const { limits, task, topics, commandHz } = setup;
    const { observationAge } = limits.watchdog;
    const { arm } = hardwareLimits[limits.arm];
    this.#setup = setup;
    this.#hooks = hooks;
    this.#log = new EventLog(hooks.tell);
    this.envelope = new SafetyEnvelope(limits, 1 / commandHz, (clamp) => this.#log.add(clamp, this.#elapsed));
    this.#motion = new ArmMotion(task, arm, 1 / commandHz);
    this.#blender = new ChunkBlender(setup.fadeSteps);
    this.#setpoints = new SetpointHistory(Math.ceil(commandHz));
    this.#joints = new TimeSeries(topics.joints, observationAge);
    this.#gripper = new TimeSeries(topics.gripper, observationAge);
    this.#taskValues = new TimeSeries(topics.taskValues, observationAge);
    this.#robot = new TimeSeries(topics.robotState, observationAge);
    this.#pictures = setup.cameras.map((camera) => new TimeSeries(topics.cameras[camera] ?? camera, observationAge));
    const scene = [...this.#pictures, ...(task.taskValues.length > 0 ? [this.#taskValues] : [])];
    this.#leading = scene.length > 0 ? scene : [this.#joints];
    const arms = [this.#joints, this.#gripper, ...(setup.watchesRobotState ? [this.#robot] : [])];
    this.#following = arms.filter((source) => !this.#leading.includes(source));
  }

  get report(): LoopReport {
    return {
      mode: this.#mode,
      stop: this.#stop,
      steps: this.#steps,
      missedSteps: this.#missed,
      chunks: this.#chunks,
      inference: this.#inference.percentiles(),
      observationAge: this.#observationAge.percentiles(),
      reaction: this.#reaction.percentiles(),
      counts: this.#log.counts,
    };
  }

  /** The newest measured joint positions, rad; undefined before the first. */
  get measuredJoints(): Float64Array | undefined {
    return this.#joints.newest?.value.positions;
  }

  /** Names of sources that nothing has come from yet. */
  get silentSources(): string[] {
    return [...this.#leading, ...this.#following].filter(({ newest }) => newest === undefined).map(({ name }) => name);
  }

  /** Whether the arm is to rest until the loop is started again. */
  get halted(): boolean {
    return this.#latched?.cause === 'requested';
  }

  /** Width that the gripper is to have, metres; undefined while the policy does not act. */
  get gripperWidth(): number | undefined {
    return this.#mode === 'acting' ? this.#motion.gripperWidth : undefined;
  }

  offerJoints(stamp: number, positions: Float64Array, velocities: Float64Array): void {
    this.#joints.offer(stamp, { positions, velocities });
  }

  /** @param width between the fingers, metres */
  offerGripper(stamp: number, width: number): void {
    this.#gripper.offer(stamp, width);
  }

  /** @param values in the order of the task's names */
  offerTaskValues(stamp: number, values: Float64Array): void {
    this.#taskValues.offer(stamp, values);
  }

  /** @param camera index among the policy's cameras @param picture RGB bytes in the size that the policy wants */
  offerPicture(stamp: number, camera: number, picture: Uint8Array): void {
    this.#pictures[camera]!.offer(stamp, picture);
  }

  offerRobot(stamp: number, reading: RobotReading): void {
    this.#robot.offer(stamp, reading);
  }

  /** The operator holds the switch, or has let it go. */
  offerDeadMan(now: number, held: boolean): void {
    this.#deadManAt = held ? now : Number.NEGATIVE_INFINITY;
  }

  /** A planned chunk, `chunk.steps` actions; one that nobody waits for any more is left aside. */
  offerChunk(now: number, id: number, actions: readonly Float32Array[]): void {
    const pending = this.#pending;
    if (pending?.id !== id) return;
    this.#pending = undefined;
    this.#inference.add(now - pending.askedAt);
    this.#chunks += 1;
    // While it waits for its first chunk the arm rests: the chunk is as good now as when it was asked for.
    const firstStep = this.#mode === 'waiting' ? this.#step : pending.step;
    this.#blender.add({ firstStep, actions, executed: this.#setup.chunk.executed });
    this.#unansweredAt = pending.observedAt;
  }

  /** Planning went wrong; another chunk is asked for at the next step, and the deadline goes on. */
  chunkFailed(id: number): void {
    if (this.#pending?.id === id) this.#pending = undefined;
  }

  /**
   * Begins, with the arm at rest. The first setpoint is where the controller holds it.
   * @param positions where that is, rad; by default where the joints were measured last
   * @throws InputError when nothing has been measured, the arm moves, or is outside its limits
   */
  start(now: number, positions?: ArrayLike<number>): void {
    const measured = this.#joints.newest?.value;
    const { topics } = this.#setup;
    if (measured === undefined)
      throw new InputError(`${topics.joints}: no joint state has come; the arm cannot be started`);
    const fastest = Math.max(...measured.velocities.map(Math.abs));
    if (!(fastest <= RESTING_SPEED)) {
      throw new InputError(`the arm moves with ${fastest.toFixed(3)} rad/s; it can be started from rest only`, {
        fix: 'stop what moves it',
      });
    }
    this.envelope.start(positions ?? measured.positions);
    this.#latched = undefined;
    this.#setpoints.clear();
    this.#motion.gripperWidth = this.#gripper.newest?.value ?? 0;
    this.#begin(now);
  }

  /** Asks the arm to rest; `tick` brings it there. The loop goes on when it is started again. */
  halt(): void {
    this.#latched = { cause: 'requested', where: 'runner', value: Number.NaN, allowed: Number.NaN };
  }

  /** Moves the setpoint on by one period; to be called once per period, after `start`. */
  tick(now: number): void {
    const back = this.#now - now;
    this.#now = now;
    this.#elapsed += this.envelope.period;
    if (back > 0) this.#forget();
    const stop = this.#latched ?? (back > 0 ? clockStop(back) : this.#problem(now));
    if (stop !== undefined) this.#hold(stop);
    else if (this.#mode === 'held' && this.envelope.stopSteps === 0) this.#begin(now);
    const goal = this.#mode === 'held' ? undefined : this.#act(now);
    this.envelope.step(goal);
    this.#setpoints.add(now, this.envelope.positions);
    if (this.#stop !== undefined) this.#log.add(this.#stop, this.#elapsed);
    this.#log.settle(this.#elapsed);
  }

  #hold(stop: Stop): void {
    this.#mode = 'held';
    this.#stop = stop;
    // The deadline is for acting; once the arm is held it is planned anew without haste.
    this.#withoutActionSince = undefined;
    if (latchedStops.has(stop.cause)) this.#latched = stop;
  }

  /** Begins anew, from where the arm rests. */
  #begin(now: number): void {
    this.#mode = 'waiting';
    this.#stop = undefined;
    this.#motion.reset(this.envelope.positions, this.#motion.gripperWidth);
    this.#blender.clear();
    this.#history = [];
    this.#pending = undefined;
    this.#origin = now;
    this.#step = -1;
    this.#withoutActionSince = undefined;
  }

  /** Forgets all that came before the clock went back. */
  #forget(): void {
    for (const source of [...this.#leading, ...this.#following]) source.clear();
    this.#setpoints.clear();
    this.#deadManAt = Number.NEGATIVE_INFINITY;
    this.#pending = undefined;
  }

  #problem(now: number): Stop | undefined {
    const { limits, deadMan } = this.#setup;
    const joints = this.#joints.newest;
    const robot = this.#robot.newest?.value;
    const synchronised = synchronise(this.#leading, this.#following, now);
    const tracking =
      joints === undefined
        ? undefined
        : this.#setpoints.deviation(joints.stamp, joints.value.positions, FOLLOWING_DELAY);
    return stopCause(
      {
        now,
        ...(robot !== undefined && { contact: robot }),
        ...(robot?.mode !== undefined && { robotMode: robot.mode }),
        ...(tracking !== undefined && { tracking }),
        ...(deadMan !== undefined && { deadMan: { source: deadMan, heldAt: this.#deadManAt } }),
        ...(typeof synchronised === 'object' && { unsynchronised: synchronised }),
        ...(this.#withoutActionSince !== undefined && { withoutActionSince: this.#withoutActionSince }),
      },
      limits,
    );
  }

  /** The goal of this tick; undefined while there is none yet. */
  #act(now: number): MovingGoal | undefined {
    const { controlPeriod } = this.#setup.task;
    const step = Math.floor((now - this.#origin) / controlPeriod + STEP_ROUNDING);
    if (step !== this.#step) this.#beginStep(step, now);
    if (!this.#applied) this.#applyAction(step, now);
    return this.#mode === 'acting' ? this.#motion.advance() : undefined;
  }

  #beginStep(step: number, now: number): void {
    if (this.#mode === 'acting') {
      this.#steps += step - this.#step;
      this.#missed += step - this.#step - (this.#applied ? 1 : 0);
    }
    this.#step = step;
    this.#applied = false;
    const observed = this.#observe(now);
    if (observed === undefined) return;
    const { chunk, task } = this.#setup;
    this.#history = [...this.#history, observed.seen].slice(-chunk.historySteps);
    if (this.#pending !== undefined || (this.#blender.lastStep ?? -1) - step >= this.#leadSteps()) return;
    const id = this.#nextRequest++;
    // An old observation plans for its own time: its first actions are over before they come.
    const observedStep = Math.round((observed.time - this.#origin) / task.controlPeriod);
    this.#pending = { id, step: observedStep, askedAt: now, observedAt: observed.time };
    this.#observationAge.add(now - observed.time);
    this.#hooks.requestChunk({ id, history: this.#history });
  }

  /** How many steps before its end a chunk's successor is asked for. */
  #leadSteps(): number {
    const { chunk, task } = this.#setup;
    if (chunk.executed === 1) return 0;
    const needed = Math.ceil((this.#inference.recent ?? 0) / task.controlPeriod);
    return Math.min(chunk.executed - 1, Math.max(1, needed));
  }

  #observe(now: number): { readonly time: number; readonly seen: ObservedStep } | undefined {
    const time = synchronise(this.#leading, this.#following, now);
    if (typeof time !== 'number') return undefined;
    const { taskValues } = this.#setup.task;
    const joints = this.#joints.nearest(time)!.value;
    const observation = new Float32Array(armLayout.end + taskValues.length);
    this.#motion.observe(joints.positions, joints.velocities, this.#gripper.nearest(time)!.value, observation);
    if (taskValues.length > 0) observation.set(this.#taskValues.nearest(time)!.value, armLayout.end);
    const pictures = this.#pictures.map((source) => source.nearest(time)!.value);
    return { time, seen: { observation, pictures } };
  }

  #applyAction(step: number, now: number): void {
    const blended = this.#blender.actionAt(step);
    if (blended === undefined) {
      if (this.#mode === 'acting') this.#withoutActionSince ??= now;
      return;
    }
    const refused = this.#motion.apply(blended.action, this.#joints.newest!.value.positions);
    if (refused !== undefined) {
      this.#log.add(refused, this.#elapsed);
      this.#hold({ cause: 'not_finite', where: `action ${refused.where}`, value: refused.value, allowed: Number.NaN });
      return;
    }
    this.#applied = true;
    this.#withoutActionSince = undefined;
    this.#mode = 'acting';
    if (this.#unansweredAt !== undefined) this.#reaction.add(now - this.#unansweredAt);
    this.#unansweredAt = undefined;
  }
}

function clockStop(value: number): Stop {
  return { cause: 'clock_backwards', where: 'clock', value, allowed: 0 };
}
