import { InputError } from '@rapport/core';
import { loadMujoco } from '../mujoco/module.js';
import { manipulationEntries } from './catalogue.js';
import { ManipulationEnv } from './env.js';
import { manipulationModel, type SolverTolerance } from './model.js';
import { scriptedStyles } from './scripted/styles.js';

/** Physics steps per second at which traces are recorded. */
const PHYSICS_HZ = 500;

/** What the physics of an environment did in an episode, for doing it again elsewhere. */
export interface PhysicsTrace {
  /** Of the environment. */
  readonly id: string;
  /** MJCF text. */
  readonly model: string;
  /** Files that the model names. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly steps: number;
  /** Controls of every step, shape [steps, actuators]. */
  readonly controls: Float64Array;
  /**
   * MuJoCo's whole state (mjSTATE_INTEGRATION: time, positions, velocities, and the rest) before the first step and after
   * every one, shape [steps + 1, state size].
   */
  readonly states: Float64Array;
}

/**
 * Records the first physics steps of an episode of an environment's first scripted policy.
 * @param id of a manipulation environment
 * @param steps physics steps; fewer are recorded when the episode ends before
 * @throws InputError when the environment is unknown
 */
export async function recordPhysicsTrace(
  id: string,
  seed: number,
  steps: number,
  tolerance: SolverTolerance = 'usual',
): Promise<PhysicsTrace> {
  const entry = manipulationEntries.find((candidate) => candidate.id === id);
  if (entry === undefined) throw new InputError(`"${id}" is no manipulation environment`);
  const controls: Float64Array[] = [];
  const states: Float64Array[] = [];
  const env = await ManipulationEnv.create({
    ...entry,
    physicsHz: PHYSICS_HZ,
    tolerance,
    beforePhysicsStep: (physics) => {
      controls.push(physics.controls.slice());
      states.push(physics.state());
    },
  });
  try {
    const policy = scriptedStyles(entry.task.control, entry.styles)[0]!.create();
    policy.reset(seed);
    let { observation } = env.reset({ seed });
    for (let ended = false; !ended && controls.length <= steps; ) {
      const result = env.step(await policy.act(observation));
      observation = result.observation;
      ended = result.terminated || result.truncated;
    }
  } finally {
    env.close();
  }
  const world = entry.task.world();
  const kept = Math.min(steps, controls.length - 1);
  return {
    id,
    model: manipulationModel(entry.arm, entry.task, world, PHYSICS_HZ, tolerance),
    files: world.files ?? new Map(),
    steps: kept,
    controls: joined(controls.slice(0, kept)),
    states: joined(states.slice(0, kept + 1)),
  };
}

/** A trace done again. */
export interface TraceReplay {
  readonly steps: number;
  /** Largest absolute difference of a position or velocity from the trace, and the step after which it occurs. */
  readonly deviation: number;
  readonly step: number;
  /** CPU seconds of the steps alone. */
  readonly cpuSeconds: number;
}

/** Does a trace again with MuJoCo alone, one `mj_step` per step, without any of our layers; twice, the second time against the clock. */
export async function replayPhysicsTrace(trace: PhysicsTrace): Promise<TraceReplay> {
  const { module: mujoco } = await loadMujoco();
  const vfs = new mujoco.MjVFS();
  for (const [name, bytes] of trace.files) vfs.addBuffer(name, bytes);
  const model = mujoco.MjModel.from_xml_string(trace.model, vfs);
  const data = new mujoco.MjData(model);
  try {
    const { nq, nv, nu } = model;
    const width = nq + nv;
    const stateSize = trace.states.length / (trace.steps + 1);
    const start = trace.states.slice(0, stateSize);
    const [controls, positions, velocities]: Float64Array[] = [data.ctrl, data.qpos, data.qvel];
    const rows = Array.from({ length: trace.steps }, (_, step) => trace.controls.subarray(nu * step, nu * (step + 1)));
    const run = (afterStep?: (step: number) => void) => {
      mujoco.mj_setState(model, data, start as never, mujoco.mjtState.mjSTATE_INTEGRATION.value);
      for (let step = 0; step < trace.steps; step++) {
        controls!.set(rows[step]!);
        mujoco.mj_step(model, data);
        afterStep?.(step);
      }
    };
    const found = new Float64Array(width * trace.steps);
    run((step) => {
      found.set(positions!, width * step);
      found.set(velocities!, width * step + nq);
    });
    const worst = largestDifference(found, motionOf(trace.states, stateSize, width));
    const begun = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(begun);
    return {
      steps: trace.steps,
      deviation: worst.difference,
      step: Math.floor(worst.index / width) + 1,
      cpuSeconds: (user + system) / 1e6,
    };
  } finally {
    data.delete();
    model.delete();
    vfs.delete();
  }
}

/** Positions and velocities after every step: in a state they follow the time. */
function motionOf(states: Float64Array, stateSize: number, width: number): Float64Array {
  const rows = states.length / stateSize - 1;
  return joined(
    Array.from({ length: rows }, (_, step) => {
      const at = stateSize * (step + 1) + 1;
      return states.subarray(at, at + width);
    }),
  );
}

function largestDifference(a: Float64Array, b: Float64Array): { readonly difference: number; readonly index: number } {
  let worst = { difference: 0, index: 0 };
  for (let index = 0; index < a.length; index++) {
    const difference = Math.abs(a[index]! - b[index]!);
    // A difference that is not a number must not pass for none.
    if (!(difference <= worst.difference)) worst = { difference, index };
  }
  return worst;
}

function joined(rows: readonly Float64Array[]): Float64Array {
  const width = rows[0]?.length ?? 0;
  const all = new Float64Array(width * rows.length);
  rows.forEach((row, index) => {
    all.set(row, width * index);
  });
  return all;
}
