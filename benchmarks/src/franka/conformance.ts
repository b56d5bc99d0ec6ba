import { throwIfAborted } from '@rapport/core';
import { environments, type PhysicsTrace, recordPhysicsTrace, replayPhysicsTrace } from '@rapport/sim';
import type { BenchOptions } from '../report.js';
import { replayNatively } from './native.js';

/** Largest difference of a position (m or rad) or velocity from native MuJoCo of the same version. */
const NATIVE_TOLERANCE = 1e-9;
const STEPS = 1000;
const SEED = 0;

/** How far one scene's physics strays when it is done again elsewhere. */
export interface SceneConformance {
  readonly id: string;
  readonly steps: number;
  /** From MuJoCo's WebAssembly build without our layers: 0, as the same steps are taken. */
  readonly bare: { readonly deviation: number; readonly step: number };
  /** From native MuJoCo of the same version; absent without a peer. */
  readonly native?: { readonly deviation: number; readonly step: number; readonly oneStep: number };
  readonly passed: boolean;
}

/** Ids of the environments whose physics is MuJoCo's. */
export function mujocoEnvironments(): string[] {
  return environments()
    .map(({ id }) => id)
    .filter((id) => /^(franka|fr3|kuka)\//.test(id));
}

/**
 * Does the first 1000 physics steps of an episode of every manipulation environment again, from the same model, start and
 * controls: in MuJoCo's WebAssembly build alone and, with `peer`, in native MuJoCo.
 */
export async function checkFrankaConformance(
  options: Omit<BenchOptions, 'quick'>,
): Promise<{ readonly scenes: readonly SceneConformance[]; readonly passed: boolean }> {
  const ids = mujocoEnvironments();
  const traces: PhysicsTrace[] = [];
  const bare: SceneConformance['bare'][] = [];
  for (const [index, id] of ids.entries()) {
    throwIfAborted(options.signal);
    options.onProgress?.({ label: `recording ${id}`, done: index, total: ids.length });
    const trace = await recordPhysicsTrace(id, SEED, STEPS);
    traces.push(trace);
    bare.push(await replayPhysicsTrace(trace));
  }
  const native = options.peer ? await replayNatively(traces, 0, options) : undefined;
  const scenes = traces.map(({ id, steps }, index): SceneConformance => {
    const ours = { deviation: bare[index]!.deviation, step: bare[index]!.step };
    const theirs = native?.[index];
    if (theirs === undefined) return { id, steps, bare: ours, passed: ours.deviation === 0 };
    const { deviation, step, oneStep } = theirs;
    const passed = ours.deviation === 0 && deviation <= NATIVE_TOLERANCE;
    return { id, steps, bare: ours, native: { deviation, step, oneStep }, passed };
  });
  return { scenes, passed: scenes.every(({ passed }) => passed) };
}
