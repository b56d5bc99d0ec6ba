import type { MjModel } from '@mujoco/mujoco';
import { InputError } from '@rapport/core';
import {
  type Actuator,
  type Body,
  type Frame,
  type Joint,
  type LiveSlice,
  notPlaceable,
  type Sensor,
} from './quantities.js';

// How named quantities read MuJoCo's arrays, and write to them.

/** Arrays of mjData that hold doubles and that our layers read. */
export type DataArray =
  | 'qpos'
  | 'qvel'
  | 'ctrl'
  | 'xpos'
  | 'xmat'
  | 'xquat'
  | 'cvel'
  | 'subtree_com'
  | 'site_xpos'
  | 'site_xmat'
  | 'geom_xpos'
  | 'geom_xmat'
  | 'cam_xpos'
  | 'cam_xmat'
  | 'mocap_pos'
  | 'mocap_quat'
  | 'sensordata'
  | 'qM'
  | 'qfrc_bias'
  | 'qfrc_gravcomp'
  | 'qfrc_constraint'
  | 'flexvert_xpos';

/** The simulation as its named quantities see it. */
export interface Simulation {
  slice(array: DataArray, start: number, length: number): LiveSlice;
  /** Positions or velocities have been set: what was computed for the state is out of date. */
  changed(): void;
  /** Computes forces of the present state, where that has not been done. */
  completeForces(): void;
}

const freeJoint = 0;
const ballJoint = 1;
const upright = [1, 0, 0, 0];

/** A geom or a site. @param index of it in MuJoCo's arrays, here and below */
export function makeFrame(simulation: Simulation, kind: 'site' | 'geom', name: string, index: number): Frame {
  const position = simulation.slice(`${kind}_xpos`, 3 * index, 3);
  const rotation = simulation.slice(`${kind}_xmat`, 9 * index, 9);
  return {
    name,
    get position() {
      return position.values;
    },
    get rotation() {
      return rotation.values;
    },
  };
}

export function makeBody(simulation: Simulation, model: MjModel, name: string, index: number): Body {
  const position = simulation.slice('xpos', 3 * index, 3);
  const rotation = simulation.slice('xmat', 9 * index, 9);
  const quaternion = simulation.slice('xquat', 4 * index, 4);
  const velocity = simulation.slice('cvel', 6 * index, 6);
  const root: number = model.body_rootid[index];
  const centre = simulation.slice('subtree_com', 3 * root, 3);
  const place = placer(simulation, model, name, index);
  return {
    name,
    get position() {
      return position.values;
    },
    get rotation() {
      return rotation.values;
    },
    get quaternion() {
      return quaternion.values;
    },
    place,
    linearVelocity: () => {
      // MuJoCo's spatial velocity (angular, linear) refers to the centre of mass of the kinematic tree.
      const [rotX, rotY, rotZ, x, y, z] = velocity.values;
      const dx = position.values[0]! - centre.values[0]!;
      const dy = position.values[1]! - centre.values[1]!;
      const dz = position.values[2]! - centre.values[2]!;
      return Float64Array.of(x! + rotY! * dz - rotZ! * dy, y! + rotZ! * dx - rotX! * dz, z! + rotX! * dy - rotY! * dx);
    },
  };
}

function placer(simulation: Simulation, model: MjModel, name: string, body: number): Body['place'] {
  const mocap: number = model.body_mocapid[body];
  if (mocap >= 0) {
    const position = simulation.slice('mocap_pos', 3 * mocap, 3);
    const orientation = simulation.slice('mocap_quat', 4 * mocap, 4);
    return (toPosition, quaternion = upright) => {
      position.values.set(toPosition);
      orientation.values.set(quaternion);
      simulation.changed();
    };
  }
  const joint: number = model.body_jntadr[body];
  if (joint < 0 || model.jnt_type[joint] !== freeJoint) {
    return () => {
      throw notPlaceable(name);
    };
  }
  const pose = simulation.slice('qpos', model.jnt_qposadr[joint], 7);
  const velocity = simulation.slice('qvel', model.jnt_dofadr[joint], 6);
  return (toPosition, quaternion = upright) => {
    pose.values.set(toPosition, 0);
    pose.values.set(quaternion, 3);
    velocity.values.fill(0);
    simulation.changed();
  };
}

/** @throws InputError when it is a free or ball joint */
export function makeJoint(simulation: Simulation, model: MjModel, name: string, index: number): Joint {
  const type: number = model.jnt_type[index];
  if (type === freeJoint || type === ballJoint) {
    throw new InputError(`joint "${name}" is a free or ball joint; expected a hinge or a slide`);
  }
  const position = simulation.slice('qpos', model.jnt_qposadr[index], 1);
  const velocity = simulation.slice('qvel', model.jnt_dofadr[index], 1);
  const [low, high] = model.jnt_range.subarray(2 * index, 2 * index + 2) as Float64Array;
  return {
    name,
    get position() {
      return position.values[0]!;
    },
    set position(value) {
      position.values[0] = value;
      simulation.changed();
    },
    get velocity() {
      return velocity.values[0]!;
    },
    set velocity(value) {
      velocity.values[0] = value;
      simulation.changed();
    },
    // A joint without limits has the range (0, 0); MuJoCo's own flags cannot be read through this build.
    range: low! < high! ? [low!, high!] : [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY],
  };
}

export function makeActuator(simulation: Simulation, name: string, index: number): Actuator {
  const control = simulation.slice('ctrl', index, 1);
  return {
    name,
    get control() {
      return control.values[0]!;
    },
    set control(value) {
      control.values[0] = value;
    },
  };
}

export function makeSensor(simulation: Simulation, model: MjModel, name: string, index: number): Sensor {
  const values = simulation.slice('sensordata', model.sensor_adr[index], model.sensor_dim[index]);
  return {
    name,
    get values() {
      simulation.completeForces();
      return values.values;
    },
  };
}
