import { panda } from '@rapport/sim';
import { describe, expect, it } from 'vitest';
import { secondsOf } from '../graph/time.js';
import { readLimits, SafetyEnvelope } from '../safety/index.js';
import { LimitChecker, toolPose } from '../safety/testing/limit-checker.js';
import { PoseCommand, TrajectoryCommand } from './arm-commands.js';
import { home } from './testing/bench-arm.js';

const joints = [1, 2, 3, 4, 5, 6, 7].map((number) => `fer_joint${number}`);
const stamp = { sec: 12, nanosec: 5 };

describe('trajectory command', () => {
  it('holds what was sent before, the new setpoint, and a stop within the limits', async () => {
    const limits = await readLimits('panda');
    const envelope = new SafetyEnvelope(limits, 0.01);
    const command = new TrajectoryCommand(joints, 0.01);
    envelope.start(home);
    command.start(envelope);
    const target = { positions: home.map((value, joint) => (joint === 6 ? value + 1 : value)) };
    const sent: number[][] = [home];
    for (let tick = 0; tick < 40; tick++) {
      envelope.step(target);
      const message = command.next(envelope, stamp);
      const points = message.points!.map((point) => [...(point.positions as Float64Array)]);
      expect(points[0]).toEqual(sent.at(-1));
      expect(points[1]).toEqual([...envelope.positions]);
      sent.push([...envelope.positions]);
      // The controller gets nothing more: what it has is a motion within the limits that ends at rest.
      const checker = new LimitChecker(limits, 0.01, home);
      const steps = message.points!.map((point) =>
        secondsOf(point.time_from_start as { sec: number; nanosec: number }),
      );
      for (const point of [...sent, ...points.slice(2, envelope.stopSteps + 2)]) checker.check(point);
      expect(checker.breaches).toEqual([]);
      expect(steps.slice(0, 2)).toEqual([0.01, 0.02]);
      expect(steps.at(-1)).toBeGreaterThanOrEqual(0.195);
      const last = message.points!.at(-1)!;
      expect(
        [...(last.velocities as Float64Array), ...(last.accelerations as Float64Array)].every((v) => v === 0),
      ).toBe(true);
      expect(message.header).toEqual({ stamp });
      expect(message.joint_names).toEqual(joints);
    }
    expect(envelope.velocities[6]).toBeGreaterThan(0.5);
  });
});

describe('pose command', () => {
  it('says where the tool of the setpoint is', async () => {
    const envelope = new SafetyEnvelope(await readLimits('panda'), 0.01);
    envelope.start(home);
    const { header, pose } = new PoseCommand(panda, 'base').next(envelope, stamp);
    expect(header).toEqual({ stamp, frame_id: 'base' });
    const { x, y, z } = pose!.position!;
    const wanted = toolPose(home).position;
    [x, y, z].forEach((value, axis) => {
      expect(value).toBeCloseTo(wanted[axis]!, 9);
    });
    // At home the hand points down: half a turn about x.
    const { w, x: qx, y: qy, z: qz } = pose!.orientation!;
    expect([w, Math.abs(qx!), qy, qz]).toEqual([0, 1, 0, 0].map((value) => expect.closeTo(value, 9)));
  });
});
