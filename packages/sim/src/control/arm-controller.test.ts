import { beforeAll, describe, expect, it } from 'vitest';
import { mjcf, writeMjcf } from '../mujoco/mjcf.js';
import { loadMujoco, type Mujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import { armNames, armParts } from '../robots/bodies.js';
import { panda } from '../robots/panda.js';
import { ArmController } from './arm-controller.js';

let mujoco: Mujoco;
beforeAll(async () => {
  mujoco = await loadMujoco();
});

/** The arm alone at home, at 1 kHz. */
function armAtHome(): Physics {
  const parts = armParts(panda, [0, 0, 0], 0);
  const text = writeMjcf(
    mjcf('mujoco', {}, [
      mjcf('compiler', { angle: 'radian', autolimits: true }),
      mjcf('option', { timestep: 0.001, integrator: 'implicitfast' }),
      mjcf('worldbody', {}, [parts.body]),
      mjcf('equality', {}, parts.equalities),
      mjcf('tendon', {}, parts.tendons),
      mjcf('actuator', {}, parts.actuators),
    ]),
  );
  const physics = new Physics(mujoco, text);
  for (const [joint, position] of panda.home.entries()) physics.joint(armNames.joint(joint)).position = position;
  physics.forward();
  return physics;
}

describe('arm controller', () => {
  it('holds the arm still against gravity, and moves no joint by more than a hair in 2 s', () => {
    const physics = armAtHome();
    const controller = new ArmController(physics, panda, panda.gains.stiff, 0.025);
    controller.reset(0.08);
    physics.step(2000, () => {
      controller.tick();
      controller.watch();
    });
    for (const [joint, position] of panda.home.entries()) {
      expect(Math.abs(physics.joint(armNames.joint(joint)).position - position)).toBeLessThan(1e-4);
    }
    expect(controller.fault).toBeUndefined();
    physics.close();
  });

  it.each([
    { name: 'stiff', gains: panda.gains.stiff },
    { name: 'soft', gains: panda.gains.soft },
  ])('pulls a joint back with stiffness times displacement, $name', ({ gains }) => {
    const physics = armAtHome();
    const controller = new ArmController(physics, panda, gains, 0.025);
    controller.reset(0.08);
    physics.joint(armNames.joint(0)).position += 0.05;
    physics.forward();
    // Without a step in between the torque grows to its full value, 1 N m per tick.
    const torques: number[] = [];
    for (let tick = 0; tick < 40; tick++) {
      controller.tick();
      torques.push(controller.torques.last[0]!);
    }
    expect(torques[0]).toBeCloseTo(-1, 12);
    expect(torques[4]).toBeCloseTo(-5, 12);
    expect(torques.at(-1)).toBeCloseTo(-gains.stiffness[0]! * 0.05, 9);
    physics.close();
  });

  it('moves the gripper to a width at the hand’s speed', () => {
    const physics = armAtHome();
    const controller = new ArmController(physics, panda, panda.gains.stiff, 0.025);
    for (const side of ['left', 'right'] as const) physics.joint(armNames.fingerJoint(side)).position = 0.04;
    physics.forward();
    controller.reset(0.08);
    controller.setGripperGoal(0.02);
    const width = () =>
      physics.joint(armNames.fingerJoint('left')).position + physics.joint(armNames.fingerJoint('right')).position;
    physics.step(150, () => controller.tick());
    // 0.2 m/s for 0.15 s, less what the fingers need to get going.
    expect(width()).toBeGreaterThan(0.05);
    expect(width()).toBeLessThan(0.065);
    physics.step(600, () => controller.tick());
    expect(width()).toBeCloseTo(0.02, 3);
    physics.close();
  });

  it('names the limit that a measured joint breaks', () => {
    const cases = [
      { position: 2.92, velocity: 0, fault: 'joint_position_limits_violation' },
      { position: 0, velocity: 2.6, fault: 'joint_velocity_violation' },
      { position: 0.7, velocity: 0, fault: 'max_goal_pose_deviation_violation' },
    ];
    for (const { position, velocity, fault } of cases) {
      const physics = armAtHome();
      const controller = new ArmController(physics, panda, panda.gains.stiff, 0.025);
      controller.reset(0.08);
      const joint = physics.joint(armNames.joint(0));
      joint.position = position;
      joint.velocity = velocity;
      physics.forward();
      controller.watch();
      expect(controller.fault).toBe(fault);
      physics.close();
    }
  });

  it('goes on to the bit from saved numbers', () => {
    const physics = armAtHome();
    const controller = new ArmController(physics, panda, panda.gains.stiff, 0.025);
    controller.reset(0.08);
    controller.reference.setGoal(panda.home.map((value) => value + 0.2));
    controller.setGripperGoal(0.01);
    physics.step(60, () => controller.tick());
    const numbers: number[] = [];
    controller.save(numbers);
    expect(numbers).toHaveLength(controller.stateSize);
    const state = physics.state();
    physics.step(60, () => controller.tick());
    const end = physics.state();
    controller.load(numbers);
    physics.restore(state);
    physics.step(60, () => controller.tick());
    expect(physics.state()).toEqual(end);
    physics.close();
  });
});
