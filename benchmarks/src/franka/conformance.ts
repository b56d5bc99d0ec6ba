import { environments, type PhysicsTrace, recordPhysicsTrace, replayPhysicsTrace } from '@rapport/sim';
import { breathe } from '../breathe.js';
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
  readonly native?: {
    /** Largest difference along the whole way, and the step after which it occurs. */
    readonly deviation: number;
    readonly step: number;
    /** Largest difference after single steps from the recorded states. */
    readonly singleStep: number;
    /** Single steps that end in the same bits. */
    readonly equalSteps: number;
  };
  /** Both within their tolerances: 0, and 1e-9. */
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
 * controls: in MuJoCo's WebAssembly build alone and, with `peer`, in native MuJoCo. Iterations go as far as rounding lets
 * them on all sides, so that it is the physics that is compared and not where an iteration stops.
 */
export async function checkFrankaConformance(
  options: Omit<BenchOptions, 'quick'>,
): Promise<{ readonly scenes: readonly SceneConformance[]; readonly passed: boolean }> {
  const ids = mujocoEnvironments();
  const traces: PhysicsTrace[] = [];
  const bare: SceneConformance['bare'][] = [];
  for (const [index, id] of ids.entries()) {
    options.onProgress?.({ label: `recording ${id}`, done: index, total: ids.length });
    await breathe(options.signal);
    const trace = await recordPhysicsTrace(id, SEED, STEPS, 'tight');
    traces.push(trace);
    bare.push(await replayPhysicsTrace(trace));
  }
  const native = options.peer ? await replayNatively(traces, 0, options) : undefined;
  const scenes = traces.map(({ id, steps }, index): SceneConformance => {
    const { deviation, step } = bare[index]!;
    const ours = { id, steps, bare: { deviation, step } };
    const theirs = native?.[index];
    if (theirs === undefined) return { ...ours, passed: deviation === 0 };
    const singleStep = Math.max(...theirs.singleSteps);
    const equalSteps = theirs.singleSteps.filter((difference) => difference === 0).length;
    const passed = deviation === 0 && theirs.deviation <= NATIVE_TOLERANCE;
    return { ...ours, native: { deviation: theirs.deviation, step: theirs.step, singleStep, equalSteps }, passed };
  });
  return { scenes, passed: scenes.every(({ passed }) => passed) };
}
