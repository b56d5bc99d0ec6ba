import { makeEnv, type PhysicsTrace, recordPhysicsTrace, replayPhysicsTrace, scriptedPolicies } from '@rapport/sim';
import type { BenchOptions, BenchRow } from '../report.js';
import { replayNatively } from './native.js';

/** A quiet scene and one with contacts. */
const scenes = ['franka/reach', 'franka/lift'];
const STEPS = 2000;
/** Physics steps of one control step at 20 Hz control and 500 Hz physics. */
const PHYSICS_STEPS = 25;

/**
 * Physics steps per CPU second: of MuJoCo's WebAssembly build alone, through our environments (control, faults,
 * observations and resets included), and of native MuJoCo with the same model, start and controls.
 */
export async function frankaRows(rounds: number, seconds: number, options: BenchOptions): Promise<BenchRow[]> {
  const traces: PhysicsTrace[] = [];
  for (const id of scenes) traces.push(await recordPhysicsTrace(id, 0, STEPS));
  const rows: BenchRow[] = [];
  const bare = traces.map(() => [] as number[]);
  const whole = traces.map(() => [] as number[]);
  const native = traces.map(() => [] as number[]);
  for (let round = 0; round < rounds; round++) {
    options.onProgress?.({ label: 'measuring manipulation environments', done: round, total: rounds });
    for (const [index, trace] of traces.entries()) {
      bare[index]!.push(await bareStepsPerSecond(trace, seconds));
      whole[index]!.push(await environmentStepsPerSecond(trace.id, seconds));
    }
    if (!options.peer) continue;
    const replays = await replayNatively(traces, seconds, options);
    for (const [index, replay] of replays.entries()) native[index]!.push(replay.stepsPerSecond!);
  }
  for (const [index, { id }] of traces.entries()) {
    const best = (rates: readonly number[]) => Math.max(...rates);
    const peer = native[index]!.length > 0 ? best(native[index]!) : undefined;
    rows.push({
      name: `${id}: MuJoCo in WebAssembly alone`,
      unit: 'physics steps/CPU s',
      ours: best(bare[index]!),
      better: 'higher',
      ...(peer !== undefined && { peer, ratio: best(bare[index]!) / peer, aim: '>= 0.64 of native' }),
    });
    rows.push({
      name: `${id}: through the environment`,
      unit: 'physics steps/CPU s',
      ours: best(whole[index]!),
      peer: best(bare[index]!),
      ratio: best(whole[index]!) / best(bare[index]!),
      better: 'higher',
      aim: '>= 0.97 of the build alone',
    });
  }
  return rows;
}

async function bareStepsPerSecond(trace: PhysicsTrace, seconds: number): Promise<number> {
  let steps = 0;
  let spent = 0;
  while (spent < seconds) {
    const replay = await replayPhysicsTrace(trace);
    steps += replay.steps;
    spent += replay.cpuSeconds;
  }
  return steps / spent;
}

/** Steps of the scripted policy that the trace was recorded with; its own time is not counted. */
async function environmentStepsPerSecond(id: string, seconds: number): Promise<number> {
  const env = await makeEnv(id);
  const policy = scriptedPolicies(id)[0]!.create();
  policy.reset(0);
  const actions: ArrayLike<number>[] = [];
  let { observation } = env.reset({ seed: 0 });
  for (let ended = false; !ended; ) {
    actions.push(await policy.act(observation));
    const result = env.step(actions.at(-1)!);
    observation = result.observation;
    ended = result.terminated || result.truncated;
  }
  // As many physics steps as the trace has, from the same start.
  const played = actions.slice(0, STEPS / PHYSICS_STEPS);
  let steps = 0;
  const start = process.cpuUsage();
  let spent = 0;
  while (spent < seconds) {
    env.reset({ seed: 0 });
    for (const action of played) env.step(action);
    steps += played.length * PHYSICS_STEPS;
    const { user, system } = process.cpuUsage(start);
    spent = (user + system) / 1e6;
  }
  env.close();
  return steps / spent;
}
