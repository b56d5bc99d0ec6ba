import { InputError, learnerView, poseTrackWidth, type StepResult, spaceSize } from '@rapport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CollisionThresholds, defaultThresholds } from '../control/faults.js';
import { actionEntries, type ControlMode } from '../control/modes.js';
import { mjcf } from '../mujoco/mjcf.js';
import { fr3 } from '../robots/fr3.js';
import { iiwa14 } from '../robots/iiwa14.js';
import { panda } from '../robots/panda.js';
import { armLayout } from './arm-observation.js';
import { frontCamera } from './cameras.js';
import { ManipulationEnv } from './env.js';
import type { ManipulationTask } from './task.js';
import { lift } from './tasks/lift.js';
import { reach } from './tasks/reach.js';

let liftEnv: ManipulationEnv;
beforeAll(async () => {
  liftEnv = await ManipulationEnv.create({ id: 'franka/lift', arm: panda, task: lift });
});
afterAll(() => liftEnv.close());

/** An action that stays where the arm is, with the gripper open. */
const still = [0, 0, 0, 0, 0, 0, 0.08];

function actions(count: number): number[][] {
  return Array.from({ length: count }, (_, step) => [
    0.01 * Math.sin(step / 5),
    0.01 * Math.cos(step / 7),
    step < 25 ? -0.006 : 0,
    0.005 * Math.sin(step / 5),
    -0.01 * Math.sin(step),
    0.05,
    step < 15 ? 0.08 : 0.01,
  ]);
}

function play(env: ManipulationEnv, list: readonly number[][]): StepResult[] {
  return list.map((action) => env.step(action));
}

async function withTask<T>(
  task: ManipulationTask,
  use: (env: ManipulationEnv) => T,
  arm = panda,
  contact?: CollisionThresholds,
): Promise<T> {
  const env = await ManipulationEnv.create({ id: `test/${task.name}`, arm, task, ...(contact && { contact }) });
  try {
    return use(env);
  } finally {
    env.close();
  }
}

describe('manipulation environment', () => {
  it('starts every seed elsewhere and the same seed in the same place', () => {
    const first = liftEnv.reset({ seed: 1 }).observation;
    const second = liftEnv.reset({ seed: 2 }).observation;
    expect(second).not.toEqual(first);
    expect(liftEnv.reset({ seed: 1 }).observation).toEqual(first);
    expect(first).toHaveLength(spaceSize(liftEnv.spec.observationSpace));
  });

  it('gives the same bits in another instance', async () => {
    const other = await ManipulationEnv.create({ id: 'franka/lift', arm: panda, task: lift });
    other.reset({ seed: 5 });
    play(other, actions(3));
    liftEnv.reset({ seed: 4 });
    other.reset({ seed: 4 });
    expect(play(other, actions(60))).toEqual(play(liftEnv, actions(60)));
    expect(other.privileged.state()).toEqual(liftEnv.privileged.state());
    other.close();
  });

  it('goes on to the bit from a saved state, contacts, scores and cameras included', () => {
    liftEnv.reset({ seed: 4 });
    play(liftEnv, actions(35));
    const saved = liftEnv.privileged.state();
    const judge = () => [liftEnv.privileged.stepScore(), liftEnv.privileged.success()];
    const picture = () => liftEnv.render('wrist', { width: 32, height: 32 });
    const before = { judged: judge(), picture: picture() };
    const after = play(liftEnv, actions(30));
    const end = { judged: judge(), picture: picture() };
    liftEnv.reset({ seed: 9 });
    liftEnv.privileged.restore(saved);
    expect({ judged: judge(), picture: picture() }).toEqual(before);
    expect(play(liftEnv, actions(30))).toEqual(after);
    expect({ judged: judge(), picture: picture() }).toEqual(end);
  });

  it('ends an episode at its time limit, and refuses to go on', () => {
    liftEnv.reset({ seed: 3 });
    const results = play(
      liftEnv,
      Array.from({ length: 100 }, () => still),
    );
    expect(results.slice(0, -1).every(({ truncated, terminated }) => !truncated && !terminated)).toBe(true);
    expect(results.at(-1)).toMatchObject({ truncated: true, terminated: false, info: {} });
    expect(() => liftEnv.step(still)).toThrow('the episode has ended; call reset');
  });

  it('bounds what is observed of the arm by its lengths and limits, and bodies that may roll away by nothing', () => {
    const entry = (name: string) => liftEnv.spec.observationSpace.entries.find((one) => one.name === name)!;
    // 0.333 + 0.316 + 0.0825 + |(0.0825, 0.384)| + 0.088 + 0.107 + 0.1034 m from the base to the tool, end to end.
    const span = 1.0299 + Math.hypot(0.0825, 0.384);
    expect(entry('tcp_x').high).toBeCloseTo(span, 6);
    expect(entry('tcp_z').low).toBeCloseTo(-span, 6);
    expect(entry('joint_velocity_5')).toMatchObject({ low: -1.15 * 2.61, high: 1.15 * 2.61 });
    expect(entry('target_y').high).toBeCloseTo(span + 0.05, 6);
    expect(entry('cube_x').high).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses what is not an action and stays usable', () => {
    liftEnv.reset({ seed: 3 });
    expect(() => liftEnv.step([0, 0])).toThrow('action has 2 values; expected 7');
    expect(() => liftEnv.step([0, 0, Number.NaN, 0, 0, 0, 0])).toThrow('action entry 2 (step_z) is NaN');
    expect(liftEnv.step(still).terminated).toBe(false);
    expect(() => liftEnv.render('rear', { width: 8, height: 8 })).toThrow('has no camera "rear"; it has front, wrist');
  });

  it('refuses states of another shape, or with numbers that are not finite', () => {
    liftEnv.reset({ seed: 3 });
    const state = liftEnv.privileged.state();
    expect(() => liftEnv.privileged.restore(state.slice(1))).toThrow(`expected ${state.length}`);
    const broken = state.slice();
    broken[7] = Number.NaN;
    expect(() => liftEnv.privileged.restore(broken)).toThrow('state entry 7 is NaN');
  });

  it('names the fault when the simulation goes wrong, and shows the last sound state', async () => {
    const spinner = mjcf('body', { name: 'spinner', pos: [0, 0, 2] }, [
      mjcf('joint', { name: 'spin', axis: [0, 0, 1] }),
      mjcf('geom', { type: 'sphere', size: 0.1 }),
    ]);
    const task: ManipulationTask = {
      ...reach,
      memorySize: 1,
      world: () => ({ bodies: [...reach.world().bodies, spinner] }),
      remember: ({ physics, memory }) => {
        memory[0]! += 1;
        if (memory[0] === 3) physics.joint('spin').velocity = Number.NaN;
      },
    };
    await withTask(task, (env) => {
      env.reset({ seed: 0 });
      const results = play(
        env,
        Array.from({ length: 4 }, () => [0, 0, 0, 0.08]),
      );
      expect(results.map(({ terminated }) => terminated)).toEqual([false, false, false, true]);
      expect(results[3]!.info).toEqual({ fault: 'simulation_unsound' });
      expect(results[3]!.observation.every(Number.isFinite)).toBe(true);
      expect(env.reset({ seed: 0 }).observation.every(Number.isFinite)).toBe(true);
      expect(env.step([0, 0, 0, 0.08]).terminated).toBe(false);
    });
  });

  it('writes poses for every body of the scene that moves', () => {
    liftEnv.reset({ seed: 3 });
    const scene = liftEnv.scene();
    const poses = new Float32Array(poseTrackWidth(scene));
    liftEnv.writePoses(poses);
    const moving = scene.bodies.filter(({ pose }) => pose === 'rigid');
    expect(moving.map(({ name }) => name)).toContain('cube');
    const at = 7 * moving.findIndex(({ name }) => name === 'cube');
    const observed = liftEnv.step(still).observation.subarray(armLayout.end, armLayout.end + 3);
    for (const [axis, value] of observed.entries()) expect(poses[at + axis]).toBeCloseTo(value, 3);
    for (let body = 0; body < moving.length; body++) {
      expect(Math.hypot(...poses.subarray(7 * body + 3, 7 * body + 7))).toBeCloseTo(1, 5);
    }
  });

  it('lets learners see pictures, and not the state', () => {
    liftEnv.reset({ seed: 3 });
    const view = learnerView(liftEnv);
    expect('privileged' in view).toBe(false);
    expect(new Set(view.render('front', { width: 64, height: 64 })).size).toBeGreaterThan(30);
    expect(new Set(view.render('wrist', { width: 64, height: 64 })).size).toBeGreaterThan(10);
  });

  it('draws depth and segmentation too: the cube where and as far away as it is', () => {
    const { observation } = liftEnv.reset({ seed: 3 });
    const cube = [...observation.subarray(armLayout.end, armLayout.end + 3)];
    const size = { width: 96, height: 96 };
    const rgb = new Uint8Array(3 * 96 * 96);
    const depth = new Float32Array(96 * 96);
    const segmentation = new Int32Array(96 * 96);
    liftEnv.draw('front', size, { rgb, depth, segmentation });
    expect(rgb).toEqual(liftEnv.render('front', size));

    const { position, target } = frontCamera;
    const axis = target.map((value, at) => value - position[at]!);
    const away = cube.reduce((sum, value, at) => sum + (value - position[at]!) * axis[at]!, 0) / Math.hypot(...axis);
    const { segments } = liftEnv;
    const seen = [...depth].filter((_, pixel) => segments[segmentation[pixel]!] === 'cube');
    expect(seen.length).toBeGreaterThan(4);
    // Half the diagonal of the cube at most.
    for (const metres of seen) expect(Math.abs(metres - away)).toBeLessThan(0.04);
  });

  it('refuses to be used before a reset and after it has been closed', async () => {
    const env = await ManipulationEnv.create({ id: 'franka/reach', arm: panda, task: reach });
    expect(() => env.step([0, 0, 0, 0])).toThrow('no episode has begun; call reset first');
    env.close();
    env.close();
    expect(() => env.reset()).toThrow('has been closed');
  });

  it('refuses a control rate that does not divide the physics rate', async () => {
    const odd = { ...reach, controlHz: 15 };
    await expect(ManipulationEnv.create({ id: 'x', arm: panda, task: odd })).rejects.toThrow(InputError);
    await withTask(odd, (env) => env.reset(), panda).catch((error: Error) => {
      expect(error.message).toContain('500 physics steps a second are no multiple of 15');
    });
  });
});

describe('control modes', () => {
  const controlled = (control: ControlMode): ManipulationTask => ({ ...reach, control, maxEpisodeSteps: 200 });

  it.each([panda, fr3, iiwa14])('reach joint targets, stiffly: $name', async (arm) => {
    await withTask(
      controlled({ kind: 'joint-position' }),
      (env) => {
        env.reset({ seed: 0 });
        const goal = arm.home.map((value, joint) => value + 0.15 * (joint % 2 === 0 ? 1 : -1));
        let observation = new Float32Array();
        for (let step = 0; step < 60; step++) observation = env.step([...goal, 0.04]).observation as typeof observation;
        for (const [joint, value] of goal.entries()) expect(observation[joint]).toBeCloseTo(value, 2);
        expect(observation[armLayout.gripperWidth]).toBeCloseTo(0.04, 3);
      },
      arm,
    );
  });

  it('reach a pose in the world, for arms that stand elsewhere too', async () => {
    const task = {
      ...controlled({ kind: 'cartesian-pose' }),
      base: { position: [1, 0.2, 0] as const, yawRad: Math.PI },
    };
    const { workspace: _, ...roomy } = task;
    await withTask(roomy, (env) => {
      env.reset({ seed: 0 });
      // Hand down, x axis of the tool along -x of the world: half a turn about y.
      const action = [0.5, 0.1, 0.3, 0, Math.PI, 0, 0.08];
      let observation = env.step(action).observation;
      for (let step = 0; step < 80; step++) observation = env.step(action).observation;
      const tcp = observation.subarray(armLayout.tcp, armLayout.tcp + 9);
      [0.5, 0.1, 0.3, -1, 0, 0, 0, 1, 0].forEach((value, index) => {
        expect(tcp[index]).toBeCloseTo(value, 2);
      });
    });
  });

  it('move by the increments that are asked for, turning included', () => {
    const { observation } = liftEnv.reset({ seed: 2 });
    let last = observation;
    for (let step = 0; step < 10; step++) last = liftEnv.step([0.004, -0.003, 0.005, 0, 0, 0.05, 0.08]).observation;
    for (let step = 0; step < 10; step++) last = liftEnv.step(still).observation;
    const moved = [0, 1, 2].map((axis) => last[armLayout.tcp + axis]! - observation[armLayout.tcp + axis]!);
    [0.04, -0.03, 0.05].forEach((value, axis) => {
      expect(moved[axis]).toBeCloseTo(value, 2);
    });
    expect(Math.atan2(last[armLayout.tcp + 4]!, last[armLayout.tcp + 3]!)).toBeCloseTo(0.5, 2);
  });

  it('keep the target inside the workspace and within reach', async () => {
    await withTask(reach, (env) => {
      env.reset({ seed: 0 });
      let observation = new Float32Array();
      for (let step = 0; step < 90; step++)
        observation = env.step([0, 0.02, 0, 0.08]).observation as typeof observation;
      expect(observation[armLayout.tcp + 1]).toBeCloseTo(0.4, 2);
      expect(observation[armLayout.target + 1]).toBeCloseTo(0.4, 2);
    });
  });

  it('clip actions to their bounds', () => {
    liftEnv.reset({ seed: 2 });
    const wild = liftEnv.step([1, 0, 0, 0, 0, 0, 5]);
    liftEnv.reset({ seed: 2 });
    expect(liftEnv.step([0.02, 0, 0, 0, 0, 0, 0.08])).toEqual(wild);
  });

  it('name every entry with finite bounds', () => {
    const modes: ControlMode[] = [
      { kind: 'joint-position' },
      { kind: 'joint-delta', maxStepRad: 0.1 },
      { kind: 'joint-impedance' },
      { kind: 'cartesian-pose' },
      { kind: 'cartesian-delta', maxStepMetres: 0.02, maxStepRad: 0.1 },
      { kind: 'cartesian-delta-position', maxStepMetres: 0.02 },
    ];
    expect(modes.map((mode) => actionEntries(mode, panda).length)).toEqual([8, 8, 8, 7, 7, 4]);
    for (const entry of modes.flatMap((mode) => actionEntries(mode, panda))) {
      expect(entry.low).toBeLessThan(entry.high);
      expect(Number.isFinite(entry.low) && Number.isFinite(entry.high)).toBe(true);
    }
  });
});

describe('faults', () => {
  it('end the episode when the hand is driven hard into the table', async () => {
    const { workspace: _, ...task } = { ...reach, control: { kind: 'joint-position' } as const };
    await withTask(task, (env) => {
      env.reset({ seed: 0 });
      const down = [0, 1.2, 0, -1.6, 0, Math.PI / 2, Math.PI / 4];
      let result = env.step([...down, 0.08]);
      for (let step = 0; step < 60 && !result.terminated; step++) result = env.step([...down, 0.08]);
      expect(result.terminated).toBe(true);
      expect(['joint_reflex', 'cartesian_reflex', 'max_goal_pose_deviation_violation']).toContain(result.info.fault);
      expect(() => env.step([...down, 0.08])).toThrow('the episode has ended');
    });
  });

  it('come from contacts of a given force and torque, and not from lighter ones', async () => {
    const { workspace: _, ...task } = { ...reach, control: { kind: 'joint-position' } as const };
    const down = [0, 1.2, 0, -1.6, 0, Math.PI / 2, Math.PI / 4];
    const press = (contact?: CollisionThresholds) =>
      withTask(
        task,
        (env) => {
          env.reset({ seed: 0 });
          for (let steps = 1; steps <= 60; steps++) {
            const { info } = env.step([...down, 0.08]);
            if (info.fault !== undefined) return { fault: info.fault, steps };
          }
          return { fault: undefined, steps: 60 };
        },
        panda,
        contact,
      );
    const { jointTorques } = defaultThresholds;
    const usual = await press();
    const light = await press({ jointTorques, force: 5, moment: 100 });
    expect(light.fault).toBe('cartesian_reflex');
    expect(light.steps).toBeLessThan(usual.steps);
    const onJoints = await press({ jointTorques: jointTorques.map(() => 1), force: 100, moment: 100 });
    expect(onJoints.fault).toBe('joint_reflex');
    expect(onJoints.steps).toBeLessThanOrEqual(light.steps);
    // What touches nothing meets no threshold.
    const free = { jointTorques: jointTorques.map(() => 2), force: 5, moment: 5 };
    await withTask(
      task,
      (env) => {
        const { observation } = env.reset({ seed: 0 });
        const rest = [...observation.slice(0, 7), 0.08];
        expect(play(env, Array(20).fill(rest)).filter(({ info }) => info.fault !== undefined)).toEqual([]);
      },
      panda,
      free,
    );
  });

  it('do not come from careful motion', () => {
    for (let seed = 0; seed < 5; seed++) {
      liftEnv.reset({ seed });
      expect(play(liftEnv, actions(60)).filter(({ info }) => info.fault !== undefined)).toEqual([]);
    }
  });

  it('name the hand that touches the arm’s own base', async () => {
    const { workspace: _, ...task } = { ...reach, control: { kind: 'joint-position' } as const };
    await withTask(task, (env) => {
      env.reset({ seed: 0 });
      // Folded back: the hand comes to the first links.
      const folded = [0, -1.5, 0, -3.0, 0, 0.3, 0.8];
      let result = env.step([...folded, 0.08]);
      for (let step = 0; step < 90 && !result.terminated; step++) result = env.step([...folded, 0.08]);
      expect(result.info.fault).toBe('self_collision_avoidance_violation');
    });
  });
});
