import { InputError } from '@rapport/core';
import { type Clamp, hardwareLimits, latchedStops, SafetyEnvelope, type Stop } from '../safety/index.js';
import { ArmMotion, type MovingGoal } from './arm-motion.js';
import { EventLog } from './event-log.js';
import type { LoopSetup } from './loop-setup.js';
import { type ChunkRequest, Planning, type PlanningReport } from './planning.js';
import { type Observed, Sensing } from './sensing.js';
import { SetpointHistory } from './setpoint-history.js';
import { stopCause } from './watchdog.js';

/** An arm slower than this rests, rad/s: what encoders' noise looks like. */
const RESTING_SPEED = 0.05;
/** How late an arm may follow its setpoints, seconds. */
const FOLLOWING_DELAY = 0.3;
/** Share of a control step by which ticks may come early and still belong to it. */
const STEP_ROUNDING = 1e-3;
/** Share of a control step for which an observation of its beginning is waited for; then what there is must do. */
const OBSERVING_SHARE = 0.5;

/** Follows what a policy observes and does. It must not fail. */
export interface StepListener {
  /** What there was at the beginning of a control step. @param step counts from where the arm last began to act from rest */
  observed(step: number, observed: Observed): void;
  /** The action of a step begins, or one takes its place; often before that step is observed. */
  acted(step: number, action: Float32Array): void;
  /** The arm is brought to rest while it acts. */
  stopped(stop: Stop): void;
}

/** What the loop calls. */
export interface LoopHooks {
  /** Starts planning; the answer comes through `offerChunk` or `chunkFailed`. */
  readonly requestChunk: (request: ChunkRequest) => void;
  /** Every clamp and stop as a line, see `EventLog`. */
  readonly tell: (line: string, event: Clamp | Stop) => void;
  /** For recording; absent when nobody records. */
  readonly steps?: StepListener | undefined;
}

/** What the loop is at. */
export type LoopMode =
  /** Held, because something is not as it must be. */
  | 'held'
  /** All is well, and the first chunk has not come yet. */
  | 'waiting'
  | 'acting';

/** How the loop does. */
export interface LoopReport extends PlanningReport {
  readonly mode: LoopMode;
  readonly stop: Stop | undefined;
  /** Control steps since the loop began, and those without an action. */
  readonly steps: number;
  readonly missedSteps: number;
  /** Ticks at which each limit clamped and each cause held the arm. */
  readonly counts: ReadonlyMap<string, number>;
}

/**
 * Runs a policy on an arm. It is told what comes in and what time it is, and says at every tick where the arm is to be; it
 * reads no clock and knows no graph.
 *
 * Time is cut into control steps of the policy's period; the first begins with the first action. What is observed of the
 * beginning of a step, as soon as it has come, joins the history: an older observation would show the arm farther from its
 * target than the policy ever saw it. A chunk is asked for early enough that it is there before the one in use has been
 * executed; the step's action moves a goal for the joints, at once another one when a newer chunk comes within the step,
 * and the envelope follows that. When something is wrong the arm comes to rest and is held. When it is well again, and the arm at rest, the loop
 * begins anew from there; after a contact or a fault only when it is started again.
 */
export class ControlLoop {
  readonly envelope: SafetyEnvelope;
  /** Takes what comes in. */
  readonly sensing: Sensing;
  readonly #setup: LoopSetup;
  readonly #planning: Planning;
  readonly #motion: ArmMotion;
  readonly #log: EventLog;
  readonly #listener: StepListener | undefined;
  readonly #setpoints: SetpointHistory;
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
  #observed = false;
  #withoutActionSince: number | undefined;
  #deadManAt = Number.NEGATIVE_INFINITY;
  #steps = 0;
  #missed = 0;

  constructor(setup: LoopSetup, hooks: LoopHooks) {
    const { limits, task, commandHz } = setup;
    this.#setup = setup;
    this.#log = new EventLog(hooks.tell);
    this.#listener = hooks.steps;
    this.envelope = new SafetyEnvelope(limits, 1 / commandHz, (clamp) => this.#log.add(clamp, this.#elapsed));
    this.sensing = new Sensing(setup);
    this.#planning = new Planning(setup, hooks.requestChunk);
    this.#motion = new ArmMotion(task, hardwareLimits[limits.arm].arm, 1 / commandHz);
    this.#setpoints = new SetpointHistory(Math.ceil(commandHz));
  }

  get report(): LoopReport {
    return {
      ...this.#planning.report,
      mode: this.#mode,
      stop: this.#stop,
      steps: this.#steps,
      missedSteps: this.#missed,
      counts: this.#log.counts,
    };
  }

  /** Whether the arm is to rest until the loop is started again. */
  get halted(): boolean {
    return this.#latched?.cause === 'requested';
  }

  /** Width that the gripper is to have, metres; undefined while the policy does not act. */
  get gripperWidth(): number | undefined {
    return this.#mode === 'acting' ? this.#motion.gripperWidth : undefined;
  }

  /** The operator holds the switch, or has let it go. */
  offerDeadMan(now: number, held: boolean): void {
    this.#deadManAt = held ? now : Number.NEGATIVE_INFINITY;
  }

  /** A planned chunk, `chunk.steps` actions; one that nobody waits for any more is left aside. */
  offerChunk(now: number, id: number, actions: readonly Float32Array[]): void {
    this.#planning.offer(now, id, actions, this.#mode === 'waiting' ? this.#step : undefined);
  }

  /** Planning went wrong; another chunk is asked for at the next step, and the deadline goes on. */
  chunkFailed(id: number): void {
    this.#planning.fail(id);
  }

  /**
   * Begins, with the arm at rest. The first setpoint is where the controller holds it.
   * @param positions where that is, rad; by default where the joints were measured last
   * @throws InputError when nothing has been measured, the arm moves, or is outside its limits
   */
  start(now: number, positions?: ArrayLike<number>): void {
    const measured = this.sensing.joints?.value;
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
    this.#motion.gripperWidth = this.sensing.gripperWidth ?? 0;
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
    if (this.#mode === 'acting') this.#listener?.stopped(stop);
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
    this.#planning.begin();
    this.#origin = now;
    this.#step = -1;
    this.#withoutActionSince = undefined;
  }

  /** Forgets all that came before the clock went back. */
  #forget(): void {
    this.sensing.forget();
    this.#setpoints.clear();
    this.#deadManAt = Number.NEGATIVE_INFINITY;
  }

  #problem(now: number): Stop | undefined {
    const { limits, deadMan } = this.#setup;
    const { joints, robot } = this.sensing;
    const unsynchronised = this.sensing.unsynchronised(now);
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
        ...(unsynchronised !== undefined && { unsynchronised }),
        ...(this.#withoutActionSince !== undefined && { withoutActionSince: this.#withoutActionSince }),
      },
      limits,
    );
  }

  /** The goal of this tick; undefined while there is none yet. */
  #act(now: number): MovingGoal | undefined {
    const { controlPeriod } = this.#setup.task;
    const step = Math.floor((now - this.#origin) / controlPeriod + STEP_ROUNDING);
    if (step !== this.#step) this.#beginStep(step);
    if (!this.#observed) this.#observe(now);
    if (!this.#applied || this.#planning.hasNews) this.#applyAction(step, now);
    return this.#mode === 'acting' ? this.#motion.advance() : undefined;
  }

  #beginStep(step: number): void {
    if (this.#mode === 'acting') {
      this.#steps += step - this.#step;
      this.#missed += step - this.#step - (this.#applied ? 1 : 0);
    }
    this.#step = step;
    this.#applied = false;
    this.#observed = false;
    this.#motion.beginStep();
  }

  /** Observes the beginning of the present step, once what tells of it has come; while the arm rests, any will do. */
  #observe(now: number): void {
    const { controlPeriod } = this.#setup.task;
    const begun = this.#origin + this.#step * controlPeriod;
    const observed = this.sensing.observe(now, this.#motion);
    if (observed === undefined) return;
    const waits = this.#mode === 'acting' && now - begun < OBSERVING_SHARE * controlPeriod;
    if (waits && observed.time < begun - STEP_ROUNDING * controlPeriod) return;
    this.#observed = true;
    this.#listener?.observed(this.#step, observed);
    this.#planning.observe(observed, this.#step, this.#origin, now);
  }

  #applyAction(step: number, now: number): void {
    const blended = this.#planning.actionAt(step);
    if (blended === undefined) {
      if (this.#mode === 'acting' && !this.#applied) this.#withoutActionSince ??= now;
      return;
    }
    if (this.#mode === 'waiting') this.#origin = now - step * this.#setup.task.controlPeriod;
    const measured = this.#presentJoints();
    const refused = this.#applied
      ? this.#motion.revise(blended.action, measured)
      : this.#motion.apply(blended.action, measured);
    if (refused !== undefined) {
      this.#log.add(refused, this.#elapsed);
      this.#hold({ cause: 'not_finite', where: `action ${refused.where}`, value: refused.value, allowed: Number.NaN });
      return;
    }
    this.#applied = true;
    this.#withoutActionSince = undefined;
    this.#mode = 'acting';
    this.#planning.acted(now);
    this.#listener?.acted(step, blended.action);
  }

  /** Where the joints are now: where they were measured, moved by as much as they have been sent since. */
  #presentJoints(): Float64Array {
    const { stamp, value } = this.sensing.joints!;
    const sent = this.#setpoints.at(stamp);
    if (sent === undefined) return value.positions;
    return value.positions.map((position, joint) => position + this.envelope.positions[joint]! - sent[joint]!);
  }
}

function clockStop(value: number): Stop {
  return { cause: 'clock_backwards', where: 'clock', value, allowed: 0 };
}
