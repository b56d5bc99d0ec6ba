import loadModule, { type MainModule } from '@mujoco/mujoco';
import { UnavailableError } from '@rapport/core';

/** MuJoCo's WebAssembly module; every thread has one, with a heap of its own. */
export interface Mujoco {
  readonly module: MainModule;
  /** What MuJoCo warned of since the list was last emptied. It warns once per kind and simulation reset. */
  readonly warnings: string[];
}

let loading: Promise<Mujoco> | undefined;

/**
 * Loads MuJoCo once per thread: about 0.3 s and 120 MB.
 * @throws UnavailableError when this Node cannot run it
 */
export function loadMujoco(): Promise<Mujoco> {
  loading ??= instantiate();
  return loading;
}

async function instantiate(): Promise<Mujoco> {
  const warnings: string[] = [];
  const print = (line: string) => {
    if (line.startsWith('WARNING: ')) warnings.push(line.slice('WARNING: '.length));
  };
  try {
    return { module: await loadModule({ print, printErr: print }), warnings };
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
