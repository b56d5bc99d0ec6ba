import type { EnvSpec, PrivilegedEnv, StepResult } from '@rapport/core';
import type { EnvironmentEntry } from '../entry.js';
import { randomPolicies } from '../random-policies.js';

/** What the rules look at: a registered environment, and instances of it that are closed after each rule. */
export class Subject {
  readonly entry: EnvironmentEntry;
  readonly spec: EnvSpec;
  readonly #made: PrivilegedEnv[] = [];

  constructor(entry: EnvironmentEntry) {
    this.entry = entry;
    this.spec = entry.spec();
  }

  async make(): Promise<PrivilegedEnv> {
    const env = await this.entry.make();
    this.#made.push(env);
    return env;
  }

  /** Closes every instance that has been made. */
  closeAll(): void {
    for (const env of this.#made.splice(0)) env.close();
  }

  /** `count` actions within their bounds, each held for some steps: the same for the same seed. */
  actions(count: number, seed: number): Float32Array[] {
    const policy = randomPolicies(this.spec.actionSpace)[1]!.create();
    policy.reset(seed);
    return Array.from({ length: count }, () => policy.act(new Float32Array(0)) as Float32Array);
  }
}

/** Resets with a seed and takes actions until they are used up or the episode ends. */
export function play(env: PrivilegedEnv, seed: number, actions: readonly Float32Array[]): StepResult[] {
  env.reset({ seed });
  return goOn(env, actions);
}

/** Takes actions until they are used up or the episode ends. */
export function goOn(env: PrivilegedEnv, actions: readonly Float32Array[]): StepResult[] {
  const results: StepResult[] = [];
  for (const action of actions) {
    const result = env.step(action);
    results.push(result);
    if (result.terminated || result.truncated) break;
  }
  return results;
}

/** Whether two arrays hold the same bits. */
export function sameBits(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.byteLength !== b.byteLength) return false;
  const first = new Uint8Array(a.buffer, a.byteOffset, a.byteLength);
  const second = new Uint8Array(b.buffer, b.byteOffset, b.byteLength);
  return first.every((value, index) => value === second[index]);
}

/** The first step at which two runs differ, or -1. */
export function firstDifference(a: readonly StepResult[], b: readonly StepResult[]): number {
  const length = Math.max(a.length, b.length);
  for (let step = 0; step < length; step++) {
    const first = a[step];
    const second = b[step];
    if (first === undefined || second === undefined || !sameResult(first, second)) return step;
  }
  return -1;
}

function sameResult(a: StepResult, b: StepResult): boolean {
  return (
    sameBits(a.observation, b.observation) &&
    Object.is(a.reward, b.reward) &&
    a.terminated === b.terminated &&
    a.truncated === b.truncated &&
    JSON.stringify(a.info) === JSON.stringify(b.info) &&
    (a.picture === undefined ? b.picture === undefined : b.picture !== undefined && sameBits(a.picture, b.picture))
  );
}
