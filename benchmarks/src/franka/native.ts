import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { PhysicsTrace } from '@rapport/sim';
import { ensurePeer, runPeerScript } from '../peer.js';
import type { BenchOptions } from '../report.js';

/** Native MuJoCo of the version that the WebAssembly build holds. */
export const nativeMujoco = { name: 'mujoco-3.9.0', requirements: ['mujoco==3.9.0', 'numpy==2.4.6'] };

/** What native MuJoCo made of a trace. */
export interface NativeReplay {
  /** Of the trace, with a dash for the slash. */
  readonly id: string;
  readonly steps: number;
  /** Largest difference of a position or velocity along the whole way, and the step after which it occurs. */
  readonly deviation: number;
  readonly step: number;
  /** Largest difference after every single step that starts from its recorded state, shape [steps]. */
  readonly singleSteps: readonly number[];
  /** Per CPU second; absent when speed was not measured. */
  readonly stepsPerSecond?: number;
}

/**
 * Does traces again in native MuJoCo, in the order given.
 * @param seconds CPU seconds to spend on measuring each trace's speed; 0 for none
 * @throws UnavailableError when native MuJoCo cannot be had
 */
export async function replayNatively(
  traces: readonly PhysicsTrace[],
  seconds: number,
  options: Pick<BenchOptions, 'peersDirectory' | 'onProgress'>,
): Promise<NativeReplay[]> {
  const python = await ensurePeer(nativeMujoco, options);
  const folder = await mkdtemp(join(tmpdir(), 'rapport-traces-'));
  try {
    for (const trace of traces) await writeTrace(join(folder, folderName(trace)), trace);
    const script = fileURLToPath(new URL('../../peers/mujoco_replay.py', import.meta.url));
    const { traces: replays } = (await runPeerScript(python, script, [folder, String(seconds)])) as {
      readonly traces: readonly NativeReplay[];
    };
    return traces.map((trace) => replays.find(({ id }) => id === folderName(trace))!);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function folderName({ id }: PhysicsTrace): string {
  return id.replaceAll('/', '-');
}

async function writeTrace(folder: string, trace: PhysicsTrace): Promise<void> {
  await mkdir(folder);
  await writeFile(join(folder, 'model.xml'), trace.model);
  for (const [name, bytes] of trace.files) await writeFile(join(folder, name), bytes);
  for (const part of ['controls', 'states'] as const) {
    const numbers = trace[part];
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    await writeFile(join(folder, `${part}.f64`), bytes);
  }
}
