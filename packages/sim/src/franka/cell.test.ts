import { afterAll, beforeAll, expect, it } from 'vitest';
import { panda } from '../robots/panda.js';
import { armLayout } from './arm-observation.js';
import { ArmCell } from './cell.js';
import { ManipulationEnv } from './env.js';
import { cupTask } from './tasks/cup.js';

const options = { id: 'franka/cup', arm: panda, task: cupTask };
let cell: ArmCell;

beforeAll(async () => {
  cell = await ArmCell.create(options);
});
afterAll(() => cell.close());

/** Impedance towards joint positions, without a reference that moves. */
function towards(goal: ArrayLike<number>): Float64Array {
  const { stiffness, damping } = panda.gains.stiff;
  const { positions, velocities } = cell.drive;
  return Float64Array.from(stiffness, (gain, joint) => {
    return gain * (goal[joint]! - positions[joint]!) - damping[joint]! * velocities[joint]!;
  });
}

it('starts episodes where the environment of the same id starts them', async () => {
  const env = await ManipulationEnv.create(options);
  for (const seed of [0, 7]) {
    const { observation } = env.reset({ seed });
    cell.reset(seed);
    const task = new Float32Array(cell.taskEntries.length);
    cell.observeTask(task);
    expect([...task]).toEqual([...observation.subarray(armLayout.end)]);
    expect([...Float32Array.from(cell.drive.positions)]).toEqual([...observation.subarray(0, 7)]);
  }
  env.close();
});

it('stays where it is without torques, and gives the same bits for the same seed and commands', () => {
  const run = () => {
    cell.reset(3);
    const goal = cell.drive.positions.slice();
    for (let tick = 0; tick < 200; tick++) cell.tick(towards(goal));
    expect(cell.fault).toBeUndefined();
    for (const [joint, position] of cell.drive.positions.entries()) expect(position).toBeCloseTo(goal[joint]!, 3);
    return cell.physicsState();
  };
  expect([...run()]).toEqual([...run()]);
  expect(cell.time).toBeCloseTo(0.2, 12);
});

it('closes the gripper at the speed that is asked for', () => {
  cell.reset(0);
  const goal = cell.drive.positions.slice();
  cell.drive.setGripperGoal(0.04, 0.1);
  for (let tick = 0; tick < 200; tick++) cell.tick(towards(goal));
  expect(cell.drive.gripperCommandArrived).toBe(false);
  for (let tick = 0; tick < 400; tick++) cell.tick(towards(goal));
  expect(cell.drive.gripperCommandArrived).toBe(true);
  expect(cell.state.gripperWidth).toBeCloseTo(0.04, 3);
});

it('reports a fault when the arm presses the table, keeps it, and forgets it on recovery', () => {
  cell.reset(0);
  const down = cell.drive.positions.slice();
  down[1]! += 0.55;
  for (let tick = 0; tick < 3000 && cell.fault === undefined; tick++) cell.tick(towards(down));
  expect(cell.fault).toMatch(/reflex|violation/);
  cell.recover();
  expect(cell.fault).toBeUndefined();
});

it('reports lost commands after 20 ticks', () => {
  cell.reset(0);
  for (let tick = 0; tick < 20; tick++) cell.tick(undefined);
  expect(cell.fault).toBeUndefined();
  cell.tick(undefined);
  expect(cell.fault).toBe('communication_constraints_violation');
});

it('lets another cell draw its pictures', async () => {
  const other = await ArmCell.create(options);
  cell.reset(11);
  other.showPhysics(cell.physicsState());
  const size = { width: 48, height: 36 };
  for (const camera of cell.cameras) expect(other.render(camera, size)).toEqual(cell.render(camera, size));
  other.close();
});

it('knows the objects and where its cameras are', () => {
  cell.reset(0);
  expect(cell.objects).toEqual(['cup']);
  const { position, rotation } = cell.cameraPose(cell.cameras[0]!);
  const [x, y, z] = cupTask.cameras[0]!.position;
  expect([...position]).toEqual([x, y, z]);
  // The camera's forward axis points to its target.
  const target = cupTask.cameras[0]!.target;
  const way = [target[0] - x, target[1] - y, target[2] - z];
  const length = Math.hypot(...way);
  for (let axis = 0; axis < 3; axis++) expect(rotation[3 * axis + 2]).toBeCloseTo(way[axis]! / length, 6);
});
