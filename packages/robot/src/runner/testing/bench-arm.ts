import type { Clamp, SafetyLimits, Stop } from '../../safety/index.js';
import { LimitChecker } from '../../safety/testing/limit-checker.js';
import { ControlLoop, type StepListener } from '../control-loop.js';
import type { LoopSetup } from '../loop-setup.js';
import type { ChunkRequest } from '../planning.js';
import { robotTask } from '../robot-task.js';

export const home = [0, -Math.PI / 4, 0, (-3 * Math.PI) / 4, 0, Math.PI / 2, Math.PI / 4];

/** How a test wants its loop; the rest is as in `franka/cup`, whose actions are displacements at 10 Hz. */
export interface BenchOptions {
  readonly limits: SafetyLimits;
  readonly chunk?: LoopSetup['chunk'];
  readonly fadeSteps?: number;
  readonly cameras?: readonly string[];
  readonly deadMan?: true;
  readonly watchesRobotState?: true;
  readonly steps?: StepListener;
}

/**
 * A control loop with an arm that is where it was sent one tick before, in simulated time: nothing waits. Every setpoint
 * goes through a checker that knows nothing of the envelope.
 */
export class BenchArm {
  readonly loop: ControlLoop;
  readonly checker: LimitChecker;
  readonly lines: string[] = [];
  readonly events: (Clamp | Stop)[] = [];
  readonly requests: (ChunkRequest & { readonly at: number })[] = [];
  /** Every setpoint so far. */
  readonly setpoints: number[][] = [];
  now = 1000;
  readonly #period = 0.01;
  readonly #taskValues: number;
  readonly #cameras: number;
  #measured = [...home];
  #velocity = home.map(() => 0);

  constructor(options: BenchOptions) {
    const { limits, chunk = { historySteps: 1, executed: 8, steps: 12 }, fadeSteps = 2, cameras = [] } = options;
    const task = robotTask('franka/cup');
    this.#taskValues = task.taskValues.length;
    this.#cameras = cameras.length;
    this.loop = new ControlLoop(
      {
        task,
        limits,
        commandHz: 100,
        chunk,
        cameras,
        fadeSteps,
        topics: {
          joints: '/joints',
          gripper: '/gripper',
          taskValues: '/task',
          robotState: '/robot_state',
          cameras: Object.fromEntries(cameras.map((camera) => [camera, `/${camera}`])),
        },
        watchesRobotState: options.watchesRobotState === true,
        deadMan: options.deadMan === true ? '/hold_to_run' : undefined,
      },
      {
        steps: options.steps,
        requestChunk: (request) => this.requests.push({ ...request, at: this.now }),
        tell: (line, event) => {
          this.lines.push(line);
          this.events.push(event);
        },
      },
    );
    this.checker = new LimitChecker(limits, this.#period, home);
  }

  /** Tells the loop everything that an arm and its cell tell at 100 Hz, except what is listed. */
  sense(
    except: readonly ('joints' | 'gripper' | 'task' | 'pictures')[] = [],
    stamp = this.now,
    measured: readonly number[] = this.#measured,
  ): void {
    const { sensing } = this.loop;
    if (!except.includes('joints')) {
      sensing.offerJoints(stamp, Float64Array.from(measured), Float64Array.from(this.#velocity));
    }
    if (!except.includes('gripper')) sensing.offerGripper(stamp, 0.04);
    if (!except.includes('task')) sensing.offerTaskValues(stamp, new Float64Array(this.#taskValues));
    for (let camera = 0; camera < this.#cameras; camera++) {
      if (!except.includes('pictures')) sensing.offerPicture(stamp, camera, new Uint8Array(3));
    }
  }

  start(): void {
    this.sense();
    this.loop.start(this.now);
  }

  /** One period: time goes on, the loop moves its setpoint, the checker looks, the arm follows. */
  tick(): void {
    this.now += this.#period;
    this.loop.tick(this.now);
    const setpoint = [...this.loop.envelope.positions];
    this.checker.check(setpoint);
    this.setpoints.push(setpoint);
    this.#velocity = setpoint.map((value, joint) => (value - this.#measured[joint]!) / this.#period);
    this.#measured = setpoint;
  }

  /**
   * Lets the loop run with everything in order, a policy answering after `latency` seconds.
   * @param late ticks by which measurements come late
   */
  run(seconds: number, latency: number, plan: (request: ChunkRequest) => Float32Array[], late = 0): void {
    const ticks = Math.round(seconds / this.#period);
    for (let count = 0; count < ticks; count++) {
      this.sense([], this.now - late * this.#period, this.setpoints.at(-1 - late) ?? home);
      this.answer(latency, plan);
      this.tick();
    }
  }

  /** Answers the newest request when it is old enough. */
  answer(latency: number, plan: (request: ChunkRequest) => Float32Array[]): void {
    const request = this.requests.at(-1);
    if (request === undefined || this.now - request.at < latency - 1e-9) return;
    this.loop.offerChunk(this.now, request.id, plan(request));
  }

  get atRest(): boolean {
    return this.loop.envelope.stopSteps === 0;
  }
}

/** A chunk of equal displacements of the tool, metres, with the gripper at a width. */
export function displacements(count: number, x: number, y: number, z: number, width = 0.04): Float32Array[] {
  return Array.from({ length: count }, () => Float32Array.of(x, y, z, 0, 0, 0, width));
}
