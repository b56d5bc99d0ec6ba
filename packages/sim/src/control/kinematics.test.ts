import { RandomStream } from '@rapport/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { mjcf, writeMjcf } from '../mujoco/mjcf.js';
import { loadMujoco, type Mujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import type { ArmModel } from '../robots/arm-model.js';
import { armNames, armParts } from '../robots/bodies.js';
import { fr3 } from '../robots/fr3.js';
import { iiwa14 } from '../robots/iiwa14.js';
import { panda } from '../robots/panda.js';
import { matrixToQuaternion } from '../spatial/rotation.js';
import { InverseKinematics } from './inverse-kinematics.js';
import { Kinematics } from './kinematics.js';

const arms = [panda, fr3, iiwa14];

let mujoco: Mujoco;
beforeAll(async () => {
  mujoco = await loadMujoco();
});

function randomJoints(arm: ArmModel, random: RandomStream, margin = 0): Float64Array {
  return Float64Array.from(arm.limits, ({ low, high }) => random.uniformBetween(low + margin, high - margin));
}

describe('kinematics', () => {
  it.each(arms)('agree with MuJoCo on where the tool is: $name', (arm) => {
    const { body, tendons, equalities } = armParts(arm, [0, 0, 0], 0);
    const text = writeMjcf(
      mjcf('mujoco', {}, [
        mjcf('compiler', { angle: 'radian', autolimits: true }),
        mjcf('worldbody', {}, [body]),
        mjcf('tendon', {}, tendons),
        mjcf('equality', {}, equalities),
      ]),
    );
    const physics = new Physics(mujoco, text);
    const kinematics = new Kinematics(arm);
    const random = new RandomStream(1, 'kinematics');
    for (let trial = 0; trial < 50; trial++) {
      const joints = randomJoints(arm, random);
      for (const [index, value] of joints.entries()) physics.joint(armNames.joint(index)).position = value;
      physics.forward();
      kinematics.update(joints);
      const tool = physics.site(armNames.tcp);
      kinematics.position.forEach((value, axis) => {
        expect(value).toBeCloseTo(tool.position[axis]!, 10);
      });
      kinematics.rotation.forEach((value, index) => {
        expect(value).toBeCloseTo(tool.rotation[index]!, 10);
      });
    }
    physics.close();
  });

  it.each(arms)('give the Jacobian that differences of poses give: $name', (arm) => {
    const kinematics = new Kinematics(arm);
    const random = new RandomStream(2, 'jacobian');
    const step = 1e-6;
    for (let trial = 0; trial < 20; trial++) {
      const joints = randomJoints(arm, random);
      kinematics.update(joints);
      const jacobian = kinematics.jacobian.slice();
      const rotation = kinematics.rotation.slice();
      for (let joint = 0; joint < 7; joint++) {
        const moved = joints.slice();
        moved[joint]! += step;
        kinematics.update(moved);
        const forward = { position: kinematics.position.slice(), rotation: kinematics.rotation.slice() };
        moved[joint]! -= 2 * step;
        kinematics.update(moved);
        for (let axis = 0; axis < 3; axis++) {
          const slope = (forward.position[axis]! - kinematics.position[axis]!) / (2 * step);
          expect(jacobian[7 * axis + joint]).toBeCloseTo(slope, 6);
        }
        // The angular velocity is the skew part of dR R^T.
        const spin = (row: number, column: number) =>
          [0, 1, 2].reduce((sum, inner) => {
            const slope = (forward.rotation[3 * row + inner]! - kinematics.rotation[3 * row + inner]!) / (2 * step);
            return sum + slope * rotation[3 * column + inner]!;
          }, 0);
        [spin(2, 1), spin(0, 2), spin(1, 0)].forEach((value, axis) => {
          expect(jacobian[7 * (3 + axis) + joint]).toBeCloseTo(value, 6);
        });
      }
    }
  });
});

describe('inverse kinematics', () => {
  it.each(arms)('reaches poses that the arm has, from home, inside the limits: $name', (arm) => {
    const kinematics = new Kinematics(arm);
    const inverse = new InverseKinematics(arm);
    const random = new RandomStream(3, 'inverse');
    let reached = 0;
    for (let trial = 0; trial < 60; trial++) {
      // Poses around home: every joint up to 0.6 rad away.
      const goal = Float64Array.from(arm.home, (value, joint) => {
        const { low, high } = arm.limits[joint]!;
        return Math.min(high - 0.05, Math.max(low + 0.05, value + random.uniformBetween(-0.6, 0.6)));
      });
      kinematics.update(goal);
      const target = { position: kinematics.position.slice(), rotation: matrixToQuaternion(kinematics.rotation) };
      const joints = Float64Array.from(arm.home);
      const { metres, rad } = inverse.solve(joints, target, 200);
      if (metres < 1e-4 && rad < 1e-3) reached += 1;
      joints.forEach((value, joint) => {
        expect(value).toBeGreaterThanOrEqual(arm.limits[joint]!.low);
        expect(value).toBeLessThanOrEqual(arm.limits[joint]!.high);
      });
    }
    expect(reached).toBeGreaterThanOrEqual(57);
  });

  it('uses the free motion to come back to the posture of home', () => {
    const inverse = new InverseKinematics(panda);
    const kinematics = new Kinematics(panda);
    kinematics.update(panda.home);
    const target = { position: kinematics.position.slice(), rotation: matrixToQuaternion(kinematics.rotation) };
    // The elbow is turned away, then the tool goes back to where it is at home.
    const joints = Float64Array.from(panda.home);
    joints[0]! += 0.5;
    joints[2]! -= 0.5;
    for (let round = 0; round < 40; round++) {
      inverse.solve(joints, { ...target, position: target.position.map((value) => value + 1e-3 * (round % 2)) }, 10);
    }
    joints.forEach((value, joint) => {
      expect(Math.abs(value - panda.home[joint]!)).toBeLessThan(0.05);
    });
  });

  it('stretches towards a point out of reach, and says what is left', () => {
    const inverse = new InverseKinematics(panda);
    const joints = Float64Array.from(panda.home);
    const { metres } = inverse.solve(joints, { position: [2, 0, 0.5], rotation: [0, 1, 0, 0] }, 300);
    const kinematics = new Kinematics(panda);
    kinematics.update(joints);
    expect(kinematics.position[0]).toBeGreaterThan(0.6);
    expect(metres).toBeCloseTo(
      Math.hypot(2 - kinematics.position[0]!, kinematics.position[1]!, 0.5 - kinematics.position[2]!),
      9,
    );
  });
});
