import { throwIfAborted } from '@rapport/core';
import { environments, type PhysicsTrace, recordPhysicsTrace, replayPhysicsTrace } from '@rapport/sim';
import type { BenchOptions } from '../report.js';
import { replayNatively } from './native.js';

/** Largest difference of a position (m or rad) or velocity from native MuJoCo of the same version. */
const NATIVE_TOLERANCE = 1e-9;
/**
 * Single steps in a thousand that may differ by more. Where two flat faces meet in parallel, the last bit decides which
 * of their corners count as contacts; what follows is another motion, of two that are as good as each other.
 */
const MOST_BRANCHINGS = 20;
const STEPS = 1000;
const SEED = 0;

/** How far one scene's physics strays when it is done again elsewhere. */
export interface SceneConformance {
  readonly id: string;
  readonly steps: number;
  /** From MuJoCo's WebAssembly build without our layers: 0, as the same steps are taken. */
  readonly bare: { readonly deviation: number; readonly step: number };
  /** From native MuJoCo of the same version; absent without a peer. */
  readonly native?: {
    /** Largest difference along the whole way, and the step after which it occurs. */
    readonly deviation: number;
    readonly step: number;
    /** Single steps from the recorded states that end in the same bits. */
    readonly equalSteps: number;
    /** Single steps that differ by more than 1e-9. */
    readonly branchings: number;
  };
  /** `branched`: the whole way leaves the gate, by a few single steps whose contacts are a matter of the last bit. */
  readonly result: 'passed' | 'branched' | 'failed';
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
    const { deviation, step } = bare[index]!;
    const ours = { id, steps, bare: { deviation, step } };
    const theirs = native?.[index];
    if (theirs === undefined) return { ...ours, result: deviation === 0 ? 'passed' : 'failed' };
    const branchings = theirs.singleSteps.filter((difference) => !(difference <= NATIVE_TOLERANCE)).length;
    const equalSteps = theirs.singleSteps.filter((difference) => difference === 0).length;
    const within = theirs.deviation <= NATIVE_TOLERANCE ? 'passed' : 'branched';
    const result = deviation === 0 && branchings <= (MOST_BRANCHINGS * steps) / 1000 ? within : 'failed';
    return { ...ours, native: { deviation: theirs.deviation, step: theirs.step, equalSteps, branchings }, result };
  });
  return { scenes, passed: scenes.every(({ result }) => result !== 'failed') };
}
