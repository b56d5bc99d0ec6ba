import { beforeAll, describe, expect, it } from 'vitest';
import { type MjcfNode, mjcf, writeMjcf } from '../mujoco/mjcf.js';
import { loadMujoco, type Mujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import type { ArmModel } from './arm-model.js';
import { armNames, armParts } from './bodies.js';
import { fr3, fr3VelocityRange } from './fr3.js';
import { iiwa14 } from './iiwa14.js';
import { panda } from './panda.js';

let mujoco: Mujoco;
beforeAll(async () => {
  mujoco = await loadMujoco();
});

/** The arm alone; without `withHand`, without its hand, fingers and rotors, as the published tables have it. */
function armText(arm: ArmModel, part: 'with hand' | 'bare links'): string {
  const parts = armParts(arm, [0, 0, 0], 0);
  const bare = part === 'bare links';
  return writeMjcf(
    mjcf('mujoco', {}, [
      mjcf('compiler', { angle: 'radian', autolimits: true }),
      mjcf('worldbody', {}, [bare ? strip(parts.body) : parts.body]),
      ...(bare ? [] : [mjcf('tendon', {}, parts.tendons), mjcf('equality', {}, parts.equalities)]),
      ...(bare ? [] : [mjcf('actuator', {}, parts.actuators)]),
    ]),
  );
}

function strip(node: MjcfNode): MjcfNode {
  const { armature: _, ...attributes } = node.attributes;
  const children = node.children.filter((child) => child.attributes.name !== armNames.hand);
  return { tag: node.tag, attributes, children: children.map(strip) };
}

function atHome(arm: ArmModel, part: 'with hand' | 'bare links'): Physics {
  const physics = new Physics(mujoco, armText(arm, part));
  for (const [index, position] of arm.home.entries()) physics.joint(armNames.joint(index)).position = position;
  physics.forward();
  return physics;
}

describe('arms', () => {
  it.each([panda, fr3, iiwa14])('compile as they are, without balanced inertias: $name', (arm) => {
    const text = armText(arm, 'with hand');
    expect(text).not.toContain('balanceinertia');
    const physics = new Physics(mujoco, text);
    expect(physics.model.nu).toBe(8);
    for (const [index, { low, high }] of arm.limits.entries()) {
      expect(physics.joint(armNames.joint(index)).range).toEqual([low, high]);
      expect(arm.home[index]).toBeGreaterThan(low);
      expect(arm.home[index]).toBeLessThan(high);
    }
    physics.close();
  });

  it.each([panda, fr3])('put the tool where the published kinematics put it at home: $name', (arm) => {
    const physics = atHome(arm, 'with hand');
    const { position, rotation } = physics.site(armNames.tcp);
    const wanted = [0.3069, 0, 0.4869];
    wanted.forEach((value, axis) => {
      expect(Math.abs(position[axis]! - value)).toBeLessThan(1e-4);
    });
    // x forward, y to the arm's right, z down.
    [1, 0, 0, 0, -1, 0, 0, 0, -1].forEach((value, index) => {
      expect(rotation[index]).toBeCloseTo(value, 6);
    });
    physics.close();
  });

  it('points the hand of the iiwa down at home', () => {
    const physics = atHome(iiwa14, 'with hand');
    const { position, rotation } = physics.site(armNames.tcp);
    [1, 0, 0, 0, -1, 0, 0, 0, -1].forEach((value, index) => {
      expect(rotation[index]).toBeCloseTo(value, 6);
    });
    expect(position[0]).toBeGreaterThan(0.4);
    expect(position[2]).toBeGreaterThan(0.2);
    physics.close();
  });

  // Torques that hold the arm still at home, N m (links 1 to 7, g = 9.81), and the diagonal of its inertia matrix.
  it.each([
    { arm: panda, torques: [0, -1.771, -0.644, 18.574, 0.634, 1.694, 0], inertias: [0.4612, 1.445, 0.8789, 0.7887] },
    { arm: fr3, torques: [0, -1.709, -0.64, 18.958, 0.792, 1.588, 0], inertias: [0.4985, 1.525, 0.9233, 0.834] },
  ])('need the published torques against gravity: $arm.name', ({ arm, torques, inertias }) => {
    const physics = atHome(arm, 'bare links');
    const bias = physics.slice('qfrc_bias', 0, 7).values;
    torques.forEach((torque, joint) => {
      expect(Math.abs(bias[joint]! - torque)).toBeLessThan(1e-3);
    });
    inertias.forEach((inertia, joint) => {
      const entry: number = physics.model.dof_Madr[joint];
      expect(physics.slice('qM', entry, 1).values[0]).toBeCloseTo(inertia, 3);
    });
    physics.close();
  });

  it('limit FR3’s joint velocities by the position, as published for home', () => {
    const lower = [-2.62, -2.081, -2.62, -2.0527, -5.26, -3.0158, -5.26];
    const upper = [2.62, 2.62, 2.62, 2.62, 5.26, 4.18, 5.26];
    for (const [joint, position] of fr3.home.entries()) {
      const [low, high] = fr3VelocityRange(joint, position);
      expect(low).toBeCloseTo(lower[joint]!, 3);
      expect(high).toBeCloseTo(upper[joint]!, 3);
    }
  });

  it('let FR3 stand still where the published limits reach zero', () => {
    const ends = [
      [-2.7426, 2.7426],
      [-1.7841, 1.7841],
      [-2.9008, 2.9008],
      [-3.0368, -0.1571],
      [-2.8065, 2.8065],
      [0.5521, 4.5094],
      [-3.016, 3.016],
    ];
    ends.forEach(([low, high], joint) => {
      expect(fr3VelocityRange(joint, low! - 2e-4)[0]).toBeCloseTo(0, 12);
      expect(fr3VelocityRange(joint, low! + 2e-3)[0]).toBeLessThan(0);
      expect(fr3VelocityRange(joint, high! + 2e-4)[1]).toBeCloseTo(0, 12);
      expect(fr3VelocityRange(joint, high! - 2e-3)[1]).toBeGreaterThan(0);
    });
  });
});
