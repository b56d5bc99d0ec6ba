import type { DoubleBuffer, MainModule, MjData, MjModel } from '@mujoco/mujoco';
import { InputError, nearestName } from '@rapport/core';
import {
  type DataArray,
  makeActuator,
  makeBody,
  makeFrame,
  makeJoint,
  makeSensor,
  type Simulation,
} from './handles.js';
import type { Mujoco } from './module.js';
import {
  type Actuator,
  type Body,
  type Frame,
  type Joint,
  LiveSlice,
  NamedHandles,
  type Sensor,
} from './quantities.js';

/** MuJoCo calls numbers of this size or more diverged (mjMAXVAL). */
const LARGEST_SOUND_NUMBER = 1e10;

/** MuJoCo's numbers for kinds of named things (mjtObj). */
const kinds = { body: 1, joint: 3, geom: 5, site: 6, camera: 7, actuator: 19, sensor: 20 } as const;
type Kind = keyof typeof kinds;

/** Everything that determines what follows (mjSTATE_INTEGRATION). */
const INTEGRATION_STATE = 16383;

/** Positions and velocities have been dealt with (mjSTAGE_VEL). */
const VELOCITY_STAGE = 2;

/**
 * What the simulation computed cannot be trusted: a number that is not finite or larger than any sound one, contacts that
 * were left out for lack of memory, or an error of MuJoCo's.
 */
export class UnsoundPhysicsError extends Error {}

/**
 * One MuJoCo simulation with its quantities by name: `physics.body('cup').position`. All named quantities are those of
 * the present state, after `step`, `forward`, `reset` and `restore` alike. (Of the arrays that `slice` gives, those of
 * forces are of the state before the last step until a sensor is read.)
 *
 * Memory lies in the WebAssembly heap: call `close` when done.
 */
export class Physics {
  /** Seconds per step. */
  readonly timestep: number;
  /** Numbers of a saved state. */
  readonly stateSize: number;
  readonly #mujoco: MainModule;
  readonly #warnings: string[];
  readonly #model: MjModel;
  readonly #data: MjData;
  readonly #state: DoubleBuffer;
  readonly #checkpoint: DoubleBuffer;
  readonly #names = new Map<Kind, string[]>();
  readonly #simulation: Simulation = {
    slice: (array, start, length) => this.slice(array, start, length),
    changed: () => {
      this.#computed = 'nothing';
    },
    completeForces: () => this.#completeForces(),
  };
  readonly #bodies = new NamedHandles<Body>((name) =>
    makeBody(this.#simulation, this.#model, name, this.index('body', name)),
  );
  readonly #sites = new NamedHandles<Frame>((name) =>
    makeFrame(this.#simulation, 'site', name, this.index('site', name)),
  );
  readonly #geoms = new NamedHandles<Frame>((name) =>
    makeFrame(this.#simulation, 'geom', name, this.index('geom', name)),
  );
  readonly #joints = new NamedHandles<Joint>((name) =>
    makeJoint(this.#simulation, this.#model, name, this.index('joint', name)),
  );
  readonly #actuators = new NamedHandles<Actuator>((name) =>
    makeActuator(this.#simulation, name, this.index('actuator', name)),
  );
  readonly #sensors = new NamedHandles<Sensor>((name) =>
    makeSensor(this.#simulation, this.#model, name, this.index('sensor', name)),
  );
  readonly #positions: LiveSlice;
  readonly #velocities: LiveSlice;
  readonly #controls: LiveSlice;
  /** What of the present state has been computed: nothing, all but accelerations and forces, or everything. */
  #computed: 'nothing' | 'motion' | 'forces' = 'nothing';
  #closed = false;

  /**
   * Compiles a model.
   * @param xml MJCF text
   * @param files what the model names beside itself, such as meshes, by file name
   * @throws InputError when MuJoCo refuses the model, with its message, which names the element and the line
   */
  constructor({ module: mujoco, warnings }: Mujoco, xml: string, files: ReadonlyMap<string, Uint8Array> = new Map()) {
    this.#mujoco = mujoco;
    this.#warnings = warnings;
    this.#model = compile(mujoco, xml, files);
    this.#data = new mujoco.MjData(this.#model);
    this.timestep = this.#model.opt.timestep;
    this.stateSize = mujoco.mj_stateSize(this.#model, INTEGRATION_STATE);
    this.#state = new mujoco.DoubleBuffer(this.stateSize);
    this.#checkpoint = new mujoco.DoubleBuffer(this.stateSize);
    this.#positions = new LiveSlice(() => this.#data.qpos, 0, this.#model.nq);
    this.#velocities = new LiveSlice(() => this.#data.qvel, 0, this.#model.nv);
    this.#controls = new LiveSlice(() => this.#data.ctrl, 0, this.#model.nu);
    try {
      this.forward();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Simulated seconds since the reset. */
  get time(): number {
    return this.#data.time;
  }

  /** Inputs of all actuators (ctrl), for recording; borrowed. */
  get controls(): Float64Array {
    return this.#controls.values;
  }

  body(name: string): Body {
    return this.#bodies.get(name);
  }

  site(name: string): Frame {
    return this.#sites.get(name);
  }

  geom(name: string): Frame {
    return this.#geoms.get(name);
  }

  joint(name: string): Joint {
    return this.#joints.get(name);
  }

  actuator(name: string): Actuator {
    return this.#actuators.get(name);
  }

  sensor(name: string): Sensor {
    return this.#sensors.get(name);
  }

  /** Back to the model's own start. */
  reset(): void {
    this.#mujoco.mj_resetData(this.#model, this.#data);
    this.forward();
  }

  /**
   * Brings every named quantity up to date after positions or velocities have been set.
   * @throws UnsoundPhysicsError when MuJoCo cannot
   */
  forward(): void {
    this.#guard(() => this.#mujoco.mj_forward(this.#model, this.#data));
    this.#computed = 'forces';
  }

  /** Computes forces, which steps leave out at their end: few who step read them. */
  #completeForces(): void {
    if (this.#computed === 'forces') return;
    if (this.#computed === 'nothing') {
      this.forward();
      return;
    }
    this.#guard(() => this.#mujoco.mj_forwardSkip(this.#model, this.#data, VELOCITY_STAGE, 0));
    this.#computed = 'forces';
  }

  /** Runs MuJoCo; its own errors, which leave the simulation in the middle of a step, become ours. */
  #guard(work: () => void): void {
    this.#warnings.length = 0;
    try {
      work();
    } catch (cause) {
      if (!(cause instanceof Error) || !cause.message.startsWith('MuJoCo Error')) throw cause;
      this.#computed = 'nothing';
      throw new UnsoundPhysicsError(oneLine(cause.message), { cause });
    }
    const [warning] = this.#warnings;
    if (warning !== undefined) throw new UnsoundPhysicsError(warning);
  }

  /**
   * Goes on by `count` physics steps.
   * @param beforeStep called before each one, to set controls from the present positions and velocities
   * @throws UnsoundPhysicsError when the outcome cannot be trusted
   */
  step(count: number, beforeStep?: (index: number) => void): void {
    this.#guard(() => this.#advance(count, beforeStep));
    this.#checkSound();
  }

  #advance(count: number, beforeStep: ((index: number) => void) | undefined): void {
    const mujoco = this.#mujoco;
    for (let index = 0; index < count; index++) {
      beforeStep?.(index);
      // What the present state has been computed for need not be repeated: the rest of the step depends on the controls.
      if (this.#computed === 'nothing') mujoco.mj_step(this.#model, this.#data);
      else mujoco.mj_step2(this.#model, this.#data);
      this.#computed = 'nothing';
    }
    mujoco.mj_step1(this.#model, this.#data);
    this.#computed = 'motion';
  }

  /** The complete state, in a new array. */
  state(): Float64Array {
    this.#mujoco.mj_getState(this.#model, this.#data, this.#state, INTEGRATION_STATE);
    return (this.#state.GetView() as Float64Array).slice();
  }

  /** Remembers the present state for `rollBack`, at less expense than `state`. */
  checkpoint(): void {
    this.#mujoco.mj_getState(this.#model, this.#data, this.#checkpoint, INTEGRATION_STATE);
  }

  /** Goes back to the last checkpoint. */
  rollBack(): void {
    this.restore((this.#checkpoint.GetView() as Float64Array).slice());
  }

  /**
   * Puts the simulation into a saved state; the same controls then give the same bits.
   * @throws InputError when the state has another length
   */
  restore(state: Float64Array): void {
    if (state.length !== this.stateSize) {
      throw new InputError(`physics state has ${state.length} numbers; expected ${this.stateSize}`);
    }
    this.#mujoco.mj_resetData(this.#model, this.#data);
    // The declaration says number[], but only a Float64Array is taken.
    this.#mujoco.mj_setState(this.#model, this.#data, state as never, INTEGRATION_STATE);
    this.forward();
  }

  /** Frees the model's memory; the physics cannot be used any more. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#state.delete();
    this.#checkpoint.delete();
    this.#data.delete();
    this.#model.delete();
  }

  /** A view of one of the simulation's arrays, by MuJoCo's name of it in mjData. */
  slice(array: DataArray, start: number, length: number): LiveSlice {
    return new LiveSlice(() => this.#data[array], start, length);
  }

  /** MuJoCo's compiled model, for reading what is constant: geometry, names, addresses. */
  get model(): MjModel {
    return this.#model;
  }

  /** Number of a named thing in MuJoCo's arrays. */
  index(kind: Kind, name: string): number {
    const index = this.#mujoco.mj_name2id(this.#model, kinds[kind], name);
    if (index < 0) throw this.#unknown(kind, name);
    return index;
  }

  /** Name of a thing by its number; empty when it has none. */
  name(kind: Kind, index: number): string {
    return this.#mujoco.mj_id2name(this.#model, kinds[kind], index) ?? '';
  }

  #unknown(kind: Kind, name: string): InputError {
    let names = this.#names.get(kind);
    if (names === undefined) {
      names = listNames(this.#mujoco, this.#model, kind);
      this.#names.set(kind, names);
    }
    const nearest = nearestName(name, names);
    return new InputError(
      `the model has no ${kind} "${name}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`,
    );
  }

  #checkSound(): void {
    for (const slice of [this.#positions, this.#velocities]) {
      for (const value of slice.values) {
        // Written so that a number that is not one fails too.
        if (!(Math.abs(value) < LARGEST_SOUND_NUMBER)) {
          throw new UnsoundPhysicsError(`the simulation diverged at ${this.time.toFixed(3)} s`);
        }
      }
    }
  }
}

function compile(mujoco: MainModule, xml: string, files: ReadonlyMap<string, Uint8Array>): MjModel {
  const vfs = new mujoco.MjVFS();
  try {
    for (const [name, bytes] of files) vfs.addBuffer(name, bytes);
    const model = mujoco.MjModel.from_xml_string(xml, vfs);
    if (model === null) throw new Error('MuJoCo returned no model');
    return model;
  } catch (cause) {
    const reason = cause instanceof Error ? oneLine(cause.message) : String(cause);
    throw new InputError(`MuJoCo refuses the model: ${reason}`, { cause });
  } finally {
    vfs.delete();
  }
}

function oneLine(message: string): string {
  return message
    .replace(/^MuJoCo Error: /, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function listNames(mujoco: MainModule, model: MjModel, kind: Kind): string[] {
  const counts: Record<Kind, number> = {
    body: model.nbody,
    joint: model.njnt,
    geom: model.ngeom,
    site: model.nsite,
    camera: model.ncam,
    actuator: model.nu,
    sensor: model.nsensor,
  };
  const names = Array.from({ length: counts[kind] }, (_, index) => mujoco.mj_id2name(model, kinds[kind], index) ?? '');
  return names.filter((name) => name !== '');
}
