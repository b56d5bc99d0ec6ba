import type { Policy } from '@rapport/core';
import { makeEnv, scriptedPolicy } from '@rapport/sim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JointTrajectory, Outgoing } from '../graph/messages.js';
import { rosTimeFromSeconds } from '../graph/time.js';
import { readLimits, type SafetyLimits } from '../safety/index.js';
import { SimulatedRobot } from '../simulator/robot.js';
import { openCell } from '../simulator/scene.js';
import { TrajectoryCommand } from './arm-commands.js';
import { ControlLoop } from './control-loop.js';
import { robotTask } from './robot-task.js';

const ENV = 'franka/cup';
const joints = [1, 2, 3, 4, 5, 6, 7].map((number) => `joint${number}`);
const task = robotTask(ENV);
const STEPS = 60;
/** ms: from a command to the controller, and of thinking about an action. */
const SENDING = 2;
const THINKING = 10;

/** What runs when simulated time has come to it, in order. */
class Agenda {
  now = 0;
  readonly #entries: { readonly at: number; readonly run: () => void }[] = [];

  /** @param delay ms */
  after(delay: number, run: () => void): void {
    this.#entries.push({ at: this.now + delay, run });
  }

  advance(): void {
    this.now += 1;
    for (const entry of this.#entries.filter(({ at }) => at <= this.now)) {
      this.#entries.splice(this.#entries.indexOf(entry), 1);
      entry.run();
    }
  }
}

/** A trajectory as it is received: sent messages borrow their numbers. */
function asReceived({ header, joint_names, points }: Outgoing<JointTrajectory>): JointTrajectory {
  const { sec = 0, nanosec = 0 } = header?.stamp ?? {};
  return {
    header: { frame_id: '', stamp: { sec, nanosec } },
    joint_names: joint_names ?? [],
    points: (points ?? []).map((point) => ({
      positions: Float64Array.from(point.positions ?? []),
      velocities: Float64Array.from(point.velocities ?? []),
      accelerations: Float64Array.from(point.accelerations ?? []),
      effort: new Float64Array(0),
      time_from_start: { sec: point.time_from_start?.sec ?? 0, nanosec: point.time_from_start?.nanosec ?? 0 },
    })),
  };
}

let limits: SafetyLimits;
let robot: SimulatedRobot;
beforeAll(async () => {
  // Contacts fault the simulated arm itself, as they end an episode of the environment.
  limits = await readLimits('panda-full');
  robot = new SimulatedRobot((await openCell(ENV, undefined)).cell, joints, () => {});
});
afterAll(() => robot.cell.close());

/**
 * Runs a policy of single actions through the loop on the simulator's robot, without a graph.
 * @param late ms by which measurements come late
 * @returns whether the task is solved, and where the tool was at the beginning of each step, m
 */
async function throughTheLoop(policy: Policy, seed: number, late: number) {
  const agenda = new Agenda();
  const { cell } = robot;
  robot.reset(seed);
  policy.reset(seed);
  const places: number[][] = [];
  const asked: { readonly id: number; readonly observation: Float32Array }[] = [];
  const topics = { joints: 'j', gripper: 'g', taskValues: 't', robotState: 'r', cameras: {} };
  const loop = new ControlLoop(
    {
      task,
      limits,
      commandHz: 100,
      chunk: { historySteps: 1, executed: 1, steps: 1 },
      cameras: [],
      fadeSteps: 0,
      topics,
      watchesRobotState: false,
      deadMan: undefined,
    },
    {
      requestChunk: ({ id, history }) => asked.push({ id, observation: history.at(-1)!.observation }),
      tell: () => {},
      steps: {
        observed: (_, { step }) => places.push([...step.observation.subarray(14, 17)]),
        acted: () => {},
        stopped: () => {},
      },
    },
  );
  const { sensing } = loop;
  const command = new TrajectoryCommand(joints, 0.01);
  const values = new Float32Array(cell.taskEntries.length);
  while (places.length <= STEPS && robot.fault === undefined && agenda.now < 10_000) {
    agenda.advance();
    const now = 1 + agenda.now / 1000;
    const nanoseconds = () => BigInt(1000 + agenda.now) * 1_000_000n;
    robot.tick(nanoseconds());
    if (agenda.now % 100 === 50) cell.endControlStep();
    if (agenda.now % 10 !== 0) continue;
    cell.observeTask(values);
    const [positions, velocities, width] = [
      cell.drive.positions.slice(),
      cell.drive.velocities.slice(),
      robot.gripper.width,
    ];
    const told = Float64Array.from(values);
    agenda.after(late, () => {
      sensing.offerJoints(now, positions, velocities);
      sensing.offerGripper(now, width);
      sensing.offerTaskValues(now, told);
    });
    if (agenda.now < 100) continue;
    if (agenda.now === 100) {
      loop.start(now);
      command.start(loop.envelope);
    }
    loop.tick(now);
    const message = asReceived(command.next(loop.envelope, rosTimeFromSeconds(now)));
    agenda.after(SENDING, () => robot.follow(message, nanoseconds()));
    if (loop.gripperWidth !== undefined) cell.drive.setGripperGoal(loop.gripperWidth);
    for (const { id, observation } of asked.splice(0)) {
      const action = await policy.act(observation, []);
      agenda.after(THINKING, () => loop.offerChunk(1 + agenda.now / 1000, id, [action]));
    }
  }
  return { success: cell.endControlStep().success, places };
}

async function inTheEnvironment(policy: Policy, seed: number) {
  const env = await makeEnv(ENV);
  let { observation } = env.reset({ seed });
  policy.reset(seed);
  const places = [[...observation.subarray(14, 17)]];
  for (let step = 0; step < STEPS; step++) {
    ({ observation } = env.step(await policy.act(observation, [])));
    places.push([...observation.subarray(14, 17)]);
  }
  const success = env.privileged.success();
  env.close();
  return { success, places };
}

describe('a policy on the simulated robot', () => {
  it.each([0, 40])(
    'lifts the cup on the way that it takes in the environment, with measurements %d ms late',
    async (late) => {
      const policy = scriptedPolicy(ENV, 'by-handle');
      const seed = 2 ** 30;
      const known = await inTheEnvironment(policy, seed);
      const { success, places } = await throughTheLoop(policy, seed, late);
      expect([known.success, success]).toEqual([true, true]);
      const apart = places.map((place, step) =>
        Math.hypot(...place.map((value, axis) => value - known.places[step]![axis]!)),
      );
      expect(apart).toHaveLength(STEPS + 1);
      // A step is up to 30 mm; at the end the tool rests with the cup.
      expect(Math.max(...apart)).toBeLessThan(0.03);
      expect(Math.max(...apart.slice(-10))).toBeLessThan(0.005);
    },
  );
});
