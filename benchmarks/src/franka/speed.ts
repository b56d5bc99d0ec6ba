import type { PrivilegedEnv } from '@rapport/core';
import { makeEnv, type PhysicsTrace, recordPhysicsTrace, replayPhysicsTrace, scriptedPolicies } from '@rapport/sim';
import { breathe } from '../breathe.js';
import type { BenchOptions, BenchRow } from '../report.js';
import { replayNatively } from './native.js';

/** A quiet scene and one with contacts. */
const scenes = ['franka/reach', 'franka/lift'];
const STEPS = 2000;
/** Physics steps of one control step at 20 Hz control and 500 Hz physics. */
const PHYSICS_STEPS = 25;

/**
 * Physics steps per CPU second: of MuJoCo's WebAssembly build alone, through our environments (control, faults,
 * observations and resets included), and of native MuJoCo with the same model, start and controls. Ours take turns episode
 * by episode, and of each the fastest episodes count, which other programs disturbed least.
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
      await breathe(options.signal);
      const rates = await inTurn(trace, seconds);
      bare[index]!.push(rates.bare);
      whole[index]!.push(rates.whole);
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

/** Rates of the fastest episodes, through the build alone and through the environment, in `seconds` of CPU time. */
async function inTurn(
  trace: PhysicsTrace,
  seconds: number,
): Promise<{ readonly bare: number; readonly whole: number }> {
  const episode = await EnvironmentEpisode.prepare(trace.id);
  let [bare, whole, spent] = [0, 0, 0];
  while (spent < seconds) {
    const alone = await replayPhysicsTrace(trace);
    const through = episode.play();
    bare = Math.max(bare, alone.steps / alone.cpuSeconds);
    whole = Math.max(whole, through.steps / through.cpuSeconds);
    spent += alone.cpuSeconds + through.cpuSeconds;
  }
  episode.close();
  return { bare, whole };
}

/** The scripted policy's episode that the trace was recorded from, again and again; the policy's own time is not counted. */
class EnvironmentEpisode {
  readonly #env: PrivilegedEnv;
  readonly #actions: readonly ArrayLike<number>[];

  static async prepare(id: string): Promise<EnvironmentEpisode> {
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
    // As many physics steps as the trace has.
    return new EnvironmentEpisode(env, actions.slice(0, STEPS / PHYSICS_STEPS));
  }

  private constructor(env: PrivilegedEnv, actions: readonly ArrayLike<number>[]) {
    this.#env = env;
    this.#actions = actions;
  }

  play(): { readonly steps: number; readonly cpuSeconds: number } {
    const begun = process.cpuUsage();
    this.#env.reset({ seed: 0 });
    for (const action of this.#actions) this.#env.step(action);
    const { user, system } = process.cpuUsage(begun);
    return { steps: this.#actions.length * PHYSICS_STEPS, cpuSeconds: (user + system) / 1e6 };
  }

  close(): void {
    this.#env.close();
  }
}
