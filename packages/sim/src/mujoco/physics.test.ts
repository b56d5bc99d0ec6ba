import { InputError } from '@rapport/core';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadMujoco, type Mujoco } from './module.js';
import { Physics, UnsoundPhysicsError } from './physics.js';

/** A hanging rod, a ball that falls on a floor, and a stand that can be put anywhere. */
const scene = (ballHeight = 1) => `
<mujoco>
  <compiler angle="radian"/>
  <option timestep="0.002" integrator="implicitfast"><flag autoreset="disable"/></option>
  <worldbody>
    <geom name="floor" type="plane" size="2 2 0.1"/>
    <body name="rod" pos="0 0 2">
      <joint name="hinge" axis="0 1 0" range="-2 2" limited="true"/>
      <geom type="capsule" fromto="0 0 0 0 0 -0.5" size="0.02" mass="1"/>
      <site name="end" pos="0 0 -0.5"/>
    </body>
    <body name="ball" pos="0.5 0 ${ballHeight}"><freejoint/><geom name="ball" size="0.1" mass="0.3"/></body>
    <body name="stand" mocap="true" pos="-1 0 0.2"><geom name="stand" type="box" size="0.1 0.1 0.2"/></body>
  </worldbody>
  <actuator><motor name="drive" joint="hinge"/></actuator>
  <sensor><contact name="landing" body1="ball" geom2="floor" data="found"/></sensor>
</mujoco>`;

let mujoco: Mujoco;
beforeAll(async () => {
  mujoco = await loadMujoco();
});

describe('physics', () => {
  it('falls as Galilei says and comes to rest on the floor', () => {
    const physics = new Physics(mujoco, scene());
    const ball = physics.body('ball');
    physics.step(100);
    // Semi-implicit integration adds half a step: z = 1 - g t (t + dt) / 2.
    expect(ball.position[2]).toBeCloseTo(1 - (9.81 * 0.2 * 0.202) / 2, 6);
    expect(ball.linearVelocity()[2]).toBeCloseTo(-9.81 * 0.2, 6);
    expect(physics.sensor('landing').values[0]).toBe(0);
    physics.step(1000);
    expect(ball.position[2]).toBeCloseTo(0.1, 2);
    expect(physics.sensor('landing').values[0]).toBe(1);
    physics.close();
  });

  it('gives the position of a point of a turning rod, and its velocity', () => {
    const physics = new Physics(mujoco, scene());
    const hinge = physics.joint('hinge');
    hinge.position = 0.7;
    hinge.velocity = 2;
    physics.forward();
    const end = physics.site('end').position;
    expect(end[0]).toBeCloseTo(-0.5 * Math.sin(0.7), 12);
    expect(end[2]).toBeCloseTo(2 - 0.5 * Math.cos(0.7), 12);
    expect(hinge.range).toEqual([-2, 2]);
    expect(physics.joint('hinge')).toBe(hinge);
    physics.close();
  });

  it('steps to the same bits as MuJoCo itself, however many steps are taken at a time', () => {
    const physics = new Physics(mujoco, scene(0.15));
    const drive = physics.actuator('drive');
    const model = mujoco.module.MjModel.from_xml_string(scene(0.15));
    const data = new mujoco.module.MjData(model);
    for (const count of [1, 7, 20, 3, 50, 1]) {
      physics.step(count, (index) => {
        drive.control = Math.sin(index);
      });
      for (let index = 0; index < count; index++) {
        data.ctrl[0] = Math.sin(index);
        mujoco.module.mj_step(model, data);
      }
      expect(Array.from(physics.slice('qpos', 0, 8).values)).toEqual(Array.from(data.qpos));
      expect(physics.time).toBe(data.time);
      // Reading forces between steps changes nothing in what follows.
      if (count > 5) expect(physics.sensor('landing').values).toHaveLength(1);
    }
    data.delete();
    model.delete();
    physics.close();
  });

  it('restores a state to the bit, with every named quantity', () => {
    const physics = new Physics(mujoco, scene(0.3));
    physics.body('stand').place([-1, 0.5, 0.3]);
    physics.step(120);
    const saved = physics.state();
    const read = () => [
      ...physics.body('ball').position,
      ...physics.body('stand').position,
      ...physics.sensor('landing').values,
      ...physics.body('ball').linearVelocity(),
    ];
    const before = read();
    physics.step(200);
    const after = physics.state();
    expect(read()).not.toEqual(before);
    physics.restore(saved);
    expect(read()).toEqual(before);
    expect(physics.body('stand').position[1]).toBe(0.5);
    physics.step(200);
    expect(physics.state()).toEqual(after);
    expect(() => physics.restore(saved.subarray(1))).toThrow(`expected ${saved.length}`);
    physics.close();
  });

  it('keeps its quantities alive when the heap grows for other simulations', () => {
    const physics = new Physics(mujoco, scene());
    const ball = physics.body('ball');
    const hinge = physics.joint('hinge');
    // Each takes several megabytes, so that the heap must grow.
    const others = Array.from(
      { length: 12 },
      () => new Physics(mujoco, scene().replace('<option', '<size memory="8M"/><option')),
    );
    expect(ball.position[2]).toBe(1);
    hinge.position = 0.25;
    physics.step(1);
    expect(ball.position[2]).toBeLessThan(1);
    expect(hinge.position).not.toBe(0);
    for (const other of others) other.close();
    physics.close();
  });

  it('gives its memory back when it is closed', () => {
    const last = new Physics(mujoco, scene());
    const heapSize = () => last.slice('qpos', 0, 1).values.buffer.byteLength;
    const makeAndClose = (count: number) => {
      for (let index = 0; index < count; index++) new Physics(mujoco, scene()).close();
    };
    makeAndClose(5);
    const before = heapSize();
    // Each takes 10 MB and more while it lives.
    makeAndClose(40);
    expect(heapSize()).toBe(before);
    last.close();
  });

  it('places free and mocap bodies, and no others', () => {
    const physics = new Physics(mujoco, scene());
    physics.body('ball').place([0.2, 0.3, 0.4], [0, 0, 0, 1]);
    physics.forward();
    expect(Array.from(physics.body('ball').position)).toEqual([0.2, 0.3, 0.4]);
    expect(Array.from(physics.body('ball').quaternion)).toEqual([0, 0, 0, 1]);
    expect(() => physics.body('rod').place([0, 0, 0])).toThrow('body "rod" cannot be placed');
    physics.close();
  });

  it('refuses unknown names with the nearest one, and models that MuJoCo refuses with the line', () => {
    const physics = new Physics(mujoco, scene());
    expect(() => physics.body('bal')).toThrow('the model has no body "bal"; did you mean "ball"?');
    expect(() => physics.joint('hing')).toThrow('did you mean "hinge"?');
    physics.close();
    const broken = () => new Physics(mujoco, scene().replace('size="0.1" mass', 'typo="0.1" mass'));
    expect(broken).toThrow(InputError);
    expect(broken).toThrow(/unrecognized attribute: 'typo'.*'geom', line 12/);
    expect(() => new Physics(mujoco, '<mujoco><asset><mesh file="a.stl"/></asset></mujoco>')).toThrow(/a\.stl/);
  });

  it('says so when it diverges, instead of starting again', () => {
    const physics = new Physics(mujoco, scene());
    physics.step(10);
    const saved = physics.state();
    physics.joint('hinge').velocity = Number.NaN;
    expect(() => physics.step(5)).toThrow(UnsoundPhysicsError);
    physics.restore(saved);
    physics.step(5);
    expect(physics.time).toBeCloseTo(0.03, 10);
    physics.close();
  });

  it('says so when memory for contacts runs out', () => {
    const bodies = Array.from(
      { length: 40 },
      (_, index) =>
        `<body pos="${0.05 * (index % 7)} ${0.05 * Math.floor(index / 7)} 0.03"><freejoint/><geom type="box" size="0.025 0.025 0.025"/></body>`,
    ).join('');
    const crowd = (memory: string) =>
      `<mujoco><size memory="${memory}"/><worldbody><geom type="plane" size="2 2 0.1"/>${bodies}</worldbody></mujoco>`;
    const tight = () => {
      const physics = new Physics(mujoco, crowd('150K'));
      physics.step(200);
    };
    expect(tight).toThrow(UnsoundPhysicsError);
    const roomy = new Physics(mujoco, crowd('8M'));
    roomy.step(200);
    roomy.close();
  });
});
