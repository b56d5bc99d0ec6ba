import type { EnvSpec, Policy, PrivilegedEnv } from '@rapport/core';
import type { CollisionThresholds } from './control/faults.js';

/** A scripted policy by name, with what it does. */
export interface ScriptedEntry {
  /** For example `careful` or `mixed`. */
  readonly name: string;
  readonly summary: string;
  create(): Policy;
}

/** How an environment is made, beside its id. For environments with an arm only. */
export interface MakeOptions {
  /** Folder with an MJCF model of the arm and its meshes, see `loadRobotAssets`. */
  readonly assets?: string;
  /**
   * When contacts end an episode, in place of the task's own thresholds. These are held against the estimates after every
   * physics step, as whoever guards an arm does, not once a control step as the task's own for the tool.
   */
  readonly contact?: CollisionThresholds;
}

/** What of options that hold more is for making an environment, to be sent to threads. */
export function makeOptions({ assets, contact }: MakeOptions): MakeOptions {
  return { ...(assets !== undefined && { assets }), ...(contact !== undefined && { contact }) };
}

/** An environment that can be made by its id. */
export interface EnvironmentEntry {
  /** For example `xmagical/avoid-longstick`. */
  readonly id: string;
  /**
   * URL of the module that registers the environment when it is imported: `import.meta.url` there. Threads and processes
   * that run the environment import it first. Absent for what `@rapport/sim` brings along.
   */
  readonly module?: string;
  /** True when every episode starts alike, whatever the seed. */
  readonly fixedStart?: boolean;
  /** What the environment is, without making one. */
  spec(): EnvSpec;
  /** True when `make` heeds its options; others are never given any. */
  readonly hasArm?: boolean;
  make(options?: MakeOptions): Promise<PrivilegedEnv>;
  /** Its scripted policies, the last one named `mixed`. Without them it can be driven at random. */
  scripted?(): ScriptedEntry[];
}
