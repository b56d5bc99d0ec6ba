import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readLimits, type SafetyLimits } from '../safety/index.js';
import { toolPose } from '../safety/testing/limit-checker.js';
import { BenchArm, displacements, home } from './testing/bench-arm.js';

let limits: SafetyLimits;
beforeAll(async () => {
  limits = await readLimits('panda');
});

const tool = (setpoint: readonly number[]) => toolPose(setpoint).position;

describe('control loop', () => {
  it('waits for the first chunk, then moves the tool as the actions say', () => {
    const arm = new BenchArm({ limits });
    arm.start();
    for (let tick = 0; tick < 30; tick++) {
      arm.sense();
      arm.tick();
    }
    expect(arm.loop.report.mode).toBe('waiting');
    expect(arm.setpoints.at(-1)).toEqual(home);
    // 1 cm per step along y: 0.1 m/s for 2 s.
    arm.run(2, 0.02, () => displacements(12, 0, 0.01, 0));
    expect(arm.loop.report.mode).toBe('acting');
    const [from, to] = [tool(home), tool(arm.setpoints.at(-1)!)];
    expect(to[1]! - from[1]!).toBeGreaterThan(0.19);
    expect(to[1]! - from[1]!).toBeLessThan(0.205);
    expect(Math.abs(to[0]! - from[0]!)).toBeLessThan(0.002);
    expect(arm.loop.report.missedSteps).toBe(0);
    expect(arm.checker.breaches).toEqual([]);
    expect(arm.events).toEqual([]);
  });

  it('asks for the next chunk before the one in use has been executed, with the newest history', () => {
    const arm = new BenchArm({ limits, chunk: { historySteps: 2, executed: 8, steps: 12 } });
    arm.start();
    arm.run(2.5, 0.05, () => displacements(12, 0, 0.002, 0));
    const [first, second, third] = arm.requests;
    expect(first!.history).toHaveLength(1);
    expect(second!.history).toHaveLength(2);
    // Asked at once, answered 0.05 s later, and used at the next tick: there the first step begins. Eight steps each, asked
    // for one step ahead, as soon as the beginning of that step has been observed, a tick later.
    expect([second!.at, third!.at].map((at) => at - 1000)).toEqual([expect.closeTo(0.78, 6), expect.closeTo(1.48, 6)]);
    expect(arm.loop.report.missedSteps).toBe(0);
  });

  it('asks earlier when planning takes longer, and drops what is over when a chunk comes', () => {
    const arm = new BenchArm({ limits, fadeSteps: 0 });
    arm.start();
    // Every chunk says how far from its own observation each action is: the step count goes into y.
    const plan = () => Array.from({ length: 12 }, (_, index) => Float32Array.of(0, 0.0005 * index, 0, 0, 0, 0, 0.04));
    arm.run(5, 0.25, plan);
    // 0.25 s are three steps of 0.1 s: five steps from one request to the next.
    const gaps = arm.requests.slice(-3).map((request, index, all) => request.at - (all[index - 1]?.at ?? request.at));
    expect(gaps[1]).toBeCloseTo(0.5, 6);
    // Once it runs, the first two actions of a chunk are over when it comes, and the third takes the place of the older
    // chunk's at once: actions 2 to 6 are executed, 10 mm in 0.5 s.
    const before = tool(arm.setpoints.at(-101)!)[1]!;
    const after = tool(arm.setpoints.at(-1)!)[1]!;
    expect(after - before).toBeCloseTo(2 * 0.0005 * (2 + 3 + 4 + 5 + 6), 3);
  });

  it('plans from what a step begins with, however late that comes', () => {
    const seen: { readonly step: number; readonly time: number }[] = [];
    const acted = new Map<number, number>();
    const arm: BenchArm = new BenchArm({
      limits,
      steps: {
        observed: (step, { time }) => seen.push({ step, time }),
        acted: (step) => acted.set(step, acted.get(step) ?? arm.now),
        stopped: () => {},
      },
    });
    arm.start();
    arm.run(2, 0.02, () => displacements(12, 0, 0.01, 0), 4);
    expect(seen.length).toBeGreaterThan(15);
    for (const { step, time } of seen.slice(1)) expect(time).toBeCloseTo(acted.get(step)!, 6);
    expect(arm.loop.report.missedSteps).toBe(0);
    expect(arm.checker.breaches).toEqual([]);
  });

  it('takes what there is when nothing tells of the beginning of a step by its middle', () => {
    const late: number[] = [];
    const arm: BenchArm = new BenchArm({
      limits,
      steps: { observed: (_, { time }) => late.push(arm.now - time), acted: () => {}, stopped: () => {} },
    });
    arm.start();
    arm.run(2, 0.02, () => displacements(12, 0, 0.01, 0), 8);
    expect(late.length).toBeGreaterThan(15);
    for (const age of late.slice(1)) expect(age).toBeCloseTo(0.09, 6);
    expect(arm.loop.report.missedSteps).toBe(0);
  });

  it('goes as far as actions say when measurements come late', () => {
    const arm = new BenchArm({ limits });
    arm.start();
    // The fastest that actions can be: 3 cm a step, 0.9 s of them and a little less for the delay.
    arm.run(1.1, 0.02, () => displacements(12, 0, 0.03, 0), 8);
    expect(arm.loop.report.mode).toBe('acting');
    expect(tool(arm.setpoints.at(-1)!)[1]! - tool(home)[1]!).toBeGreaterThan(0.27);
    expect(arm.checker.breaches).toEqual([]);
  });

  it('acts step by step with a policy that gives one action at a time', () => {
    const arm = new BenchArm({ limits, chunk: { historySteps: 1, executed: 1, steps: 1 } });
    arm.start();
    arm.run(1, 0.02, () => displacements(1, 0.005, 0, 0));
    // One while the arm waits, and one in each of the steps 1 to 9, which begin 0.04 s after the start and 0.1 s apart.
    expect(arm.requests).toHaveLength(10);
    expect(tool(arm.setpoints.at(-1)!)[0]! - tool(home)[0]!).toBeGreaterThan(0.04);
    expect(arm.loop.report.missedSteps).toBe(0);
    expect(arm.checker.breaches).toEqual([]);
  });

  it('acts on an observation within its own step, in place of what was foreseen for it', () => {
    const arm = new BenchArm({ limits, fadeSteps: 0, chunk: { historySteps: 1, executed: 1, steps: 12 } });
    arm.start();
    // Every chunk foresees the way back for the steps after its own.
    const plan = () => [...displacements(1, 0, 0.005, 0), ...displacements(11, 0, -0.005, 0)];
    arm.run(2, 0.03, plan);
    const { reaction, missedSteps } = arm.loop.report;
    // Asked with what was observed a tick ago, answered 0.03 s later, used at the next tick: half of a step of 0.1 s.
    expect(reaction.p99).toBeCloseTo(0.05, 6);
    expect(missedSteps).toBe(0);
    const [before, after] = [tool(arm.setpoints.at(-101)!), tool(arm.setpoints.at(-1)!)];
    expect(after[1]! - before[1]!).toBeCloseTo(10 * 0.005, 3);
    expect(arm.checker.breaches).toEqual([]);
  });

  it('does not jump when the next chunk wants the opposite', () => {
    const arm = new BenchArm({ limits });
    arm.start();
    let sign = 1;
    arm.run(6, 0.04, () => {
      sign = -sign;
      return displacements(12, 0, 0.03 * sign, 0);
    });
    expect(arm.loop.report.chunks).toBeGreaterThan(6);
    expect(arm.checker.breaches).toEqual([]);
    expect(Math.max(...Object.values(arm.checker.peaks))).toBeLessThanOrEqual(1 + 1e-9);
  });

  it.each(['joints', 'gripper', 'task'] as const)(
    'comes to rest and holds when %s are no longer told, and goes on after',
    (lost) => {
      const arm = new BenchArm({ limits });
      const plan = () => displacements(12, 0, 0.01, 0);
      arm.start();
      arm.run(1, 0.02, plan);
      expect(arm.atRest).toBe(false);
      for (let tick = 0; tick < 100; tick++) {
        arm.sense([lost]);
        arm.answer(0.02, plan);
        arm.tick();
      }
      expect(arm.loop.report.mode).toBe('held');
      expect(arm.atRest).toBe(true);
      const topic = { joints: '/joints', gripper: '/gripper', task: '/task' }[lost];
      expect(arm.lines).toEqual([
        expect.stringMatching(`stopped, observation_age \\(${topic}\\): 0.26 s, limit 0.25 s`),
      ]);
      expect(arm.checker.breaches).toEqual([]);
      const held = tool(arm.setpoints.at(-1)!)[1]!;
      arm.run(1, 0.02, plan);
      expect(arm.loop.report.mode).toBe('acting');
      expect(tool(arm.setpoints.at(-1)!)[1]! - held).toBeGreaterThan(0.05);
      expect(arm.checker.breaches).toEqual([]);
    },
  );

  it('comes to rest when the policy does not answer any more, waits for it, and goes on', () => {
    const arm = new BenchArm({ limits });
    const plan = () => displacements(12, 0, 0.01, 0);
    arm.start();
    arm.run(1, 0.02, plan);
    arm.run(2, 1e9, () => []);
    expect(arm.events).toEqual([expect.objectContaining({ cause: 'chunk_deadline', allowed: 0.25 })]);
    expect(arm.atRest).toBe(true);
    expect(arm.loop.report.mode).toBe('waiting');
    arm.run(1, 0.02, plan);
    expect(arm.loop.report.mode).toBe('acting');
    expect(arm.checker.breaches).toEqual([]);
  });

  it('comes to rest on an action that is no number, with the value in the log', () => {
    const arm = new BenchArm({ limits });
    arm.start();
    arm.run(1, 0.02, () => displacements(12, 0, 0.01, 0));
    arm.run(1, 0.02, () => displacements(12, 0, Number.NaN, 0));
    expect(arm.lines.join('\n')).toContain('stopped, not_finite (action step_y): NaN');
    expect(arm.checker.breaches).toEqual([]);
  });

  it('moves only while the operator holds the switch', () => {
    const arm = new BenchArm({ limits, deadMan: true });
    const plan = () => displacements(12, 0, 0.01, 0);
    arm.start();
    arm.run(0.5, 0.02, plan);
    expect(arm.loop.report.stop).toMatchObject({ cause: 'dead_man', where: '/hold_to_run' });
    expect(arm.setpoints.at(-1)).toEqual(home);
    for (let tick = 0; tick < 100; tick++) {
      arm.loop.offerDeadMan(arm.now, true);
      arm.sense();
      arm.answer(0.02, plan);
      arm.tick();
    }
    expect(arm.loop.report.mode).toBe('acting');
    arm.loop.offerDeadMan(arm.now, false);
    arm.run(0.5, 0.02, plan);
    expect(arm.loop.report.mode).toBe('held');
    expect(arm.atRest).toBe(true);
    expect(arm.checker.breaches).toEqual([]);
  });

  it.each([
    ['a force', { force: 50 }, 'external_force', 50],
    ['a moment', { moment: 36 }, 'external_moment', 36],
    ['a torque', { jointTorques: [0, 0, 0, -21, 0, 0, 0] }, 'external_joint_torque', -21],
    ['a force that is no number', { force: Number.NaN }, 'external_force', Number.NaN],
    ['a reflex', { mode: 'reflex' }, 'robot_mode', Number.NaN],
  ])('stays at rest after %s until it is started again', (_, change, cause, value) => {
    const arm = new BenchArm({ limits, watchesRobotState: true });
    const plan = () => displacements(12, 0, 0.01, 0);
    const calm = { force: 3, moment: 0.4, jointTorques: [0, 1, 0, 2, 0, 0, 0], mode: undefined };
    const run = (ticks: number, reading: typeof calm) => {
      for (let tick = 0; tick < ticks; tick++) {
        arm.loop.sensing.offerRobot(arm.now, reading);
        arm.sense();
        arm.answer(0.02, plan);
        arm.tick();
      }
    };
    arm.loop.sensing.offerRobot(arm.now, calm);
    arm.start();
    run(100, calm);
    expect(arm.loop.report.mode).toBe('acting');
    run(1, { ...calm, ...change } as typeof calm);
    run(100, calm);
    expect(arm.loop.report.stop).toMatchObject({ cause, value });
    expect(arm.atRest).toBe(true);
    arm.loop.start(arm.now);
    run(50, calm);
    expect(arm.loop.report.mode).toBe('acting');
    expect(arm.checker.breaches).toEqual([]);
  });

  it('stops when the arm is not where it was sent', () => {
    const arm = new BenchArm({ limits: { ...limits, trackingError: 0.04 } });
    const plan = () => displacements(12, 0, 0.02, 0);
    arm.start();
    // The joints stay at home, whatever is sent: a brake, a controller that is off.
    for (let tick = 0; tick < 400; tick++) {
      arm.loop.sensing.offerJoints(arm.now, Float64Array.from(home), new Float64Array(7));
      arm.sense(['joints']);
      arm.answer(0.02, plan);
      arm.tick();
    }
    expect(arm.loop.report.stop).toMatchObject({ cause: 'tracking_error', allowed: 0.04 });
    expect(arm.atRest).toBe(true);
  });

  it('rests when the clock goes back, and begins anew with what comes after', () => {
    const arm = new BenchArm({ limits });
    const plan = () => displacements(12, 0, 0.01, 0);
    arm.start();
    arm.run(1, 0.02, plan);
    arm.now -= 500;
    arm.run(2, 0.02, plan);
    expect(arm.lines.join('\n')).toContain('stopped, clock_backwards (clock): 500');
    expect(arm.loop.report.mode).toBe('acting');
    expect(arm.checker.breaches).toEqual([]);
  });

  it('refuses to start without joint states, with a moving arm, or outside the limits', () => {
    const arm = new BenchArm({ limits });
    expect(() => arm.loop.start(arm.now)).toThrow('/joints: no joint state has come');
    arm.loop.sensing.offerJoints(arm.now, Float64Array.from(home), Float64Array.of(0, 0, 0.2, 0, 0, 0, 0));
    expect(() => arm.loop.start(arm.now)).toThrow('the arm moves with 0.200 rad/s');
    const turned = home.map((value, joint) => (joint === 0 ? 1.6 : value));
    arm.loop.sensing.offerJoints(arm.now + 1, Float64Array.from(turned), new Float64Array(7));
    expect(() => arm.loop.start(arm.now + 1)).toThrow('the arm cannot be moved from where it is');
  });

  it('lets nothing that violates a limit out, whatever comes in and when', () => {
    const number = fc.oneof(
      fc.double({ min: -0.1, max: 0.1, noNaN: true }),
      fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, 1e30, 0.03, -0.03),
    );
    const happening = fc.record({
      ticks: fc.integer({ min: 1, max: 60 }),
      /** Seconds that time goes on by itself between two ticks, or back. */
      jump: fc.oneof(
        { weight: 4, arbitrary: fc.constant(0) },
        { weight: 1, arbitrary: fc.double({ min: -2, max: 2, noNaN: true }) },
      ),
      latency: fc.constantFrom(0, 0.01, 0.05, 0.2, 1e9),
      lost: fc.subarray(['joints', 'gripper', 'task'] as const, { maxLength: 1 }),
      late: fc.double({ min: -0.1, max: 0.3, noNaN: true }),
      action: fc.array(number, { minLength: 7, maxLength: 7 }),
      length: fc.integer({ min: 1, max: 12 }),
      repeat: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(happening, { minLength: 1, maxLength: 10 }), (story) => {
        const arm = new BenchArm({ limits });
        arm.start();
        for (const { ticks, jump, latency, lost, late, action, length, repeat } of story) {
          arm.now += jump;
          for (let tick = 0; tick < ticks; tick++) {
            // Messages come twice, late and out of order.
            for (let count = 0; count < repeat; count++) arm.sense(lost, arm.now - late * count);
            arm.answer(latency, () => Array.from({ length }, () => Float32Array.from(action)));
            arm.tick();
          }
        }
        // Nothing comes any more: it must come to rest.
        for (let tick = 0; tick < 150; tick++) arm.tick();
        expect(arm.atRest).toBe(true);
        expect(arm.checker.breaches).toEqual([]);
      }),
      { seed: 9, numRuns: 60 },
    );
  });
});
