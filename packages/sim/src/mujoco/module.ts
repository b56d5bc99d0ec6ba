import loadModule, { type MainModule } from '@mujoco/mujoco';
import { UnavailableError } from '@rapport/core';

/** MuJoCo's WebAssembly module; every thread has one, with a heap of its own. */
export type MujocoModule = MainModule;

let loading: Promise<MujocoModule> | undefined;

/**
 * Loads MuJoCo once per thread: about 0.3 s and 120 MB.
 * @throws UnavailableError when this Node cannot run it
 */
export function loadMujoco(): Promise<MujocoModule> {
  loading ??= instantiate();
  return loading;
}

async function instantiate(): Promise<MujocoModule> {
  try {
    // MuJoCo prints warnings that we notice by ourselves (see Physics.step) and errors that it also throws.
    return await loadModule({ print: () => undefined, printErr: () => undefined });
  } catch (cause) {
    loading = undefined;
    throw new UnavailableError(
      `MuJoCo could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        fix: 'use Node 20.20 or newer with WebAssembly switched on',
        cause,
      },
    );
  }
}
