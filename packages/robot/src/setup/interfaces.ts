import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StopSignal } from '@rapport/core';
import { rosEnvironment, rosPython } from './environment.js';
import type { Installation } from './installation.js';
import { layout, recipe } from './layout.js';
import { runProgram } from './run-program.js';

/** Without optimisation: what is built copies fields, and this halves the time. */
const buildType = ['-DCMAKE_BUILD_TYPE=Debug', '-DCMAKE_C_FLAGS_DEBUG=-O0', '-DCMAKE_CXX_FLAGS_DEBUG=-O0'];

/** Builds the interface packages that no installation brings into a prefix of their own. */
export async function buildInterfaces(installation: Installation, signal: StopSignal | undefined): Promise<void> {
  await rm(layout.overlay, { recursive: true, force: true });
  const options = { environment: rosEnvironment(installation), signal };
  for (const name of recipe.interfacePackages) {
    const build = join(layout.root, 'build', name);
    await runProgram(
      'interfaces',
      'cmake',
      [
        ...['-S', join(recipe.interfaces, name), '-B', build, '-G', 'Ninja'],
        ...buildType,
        `-DCMAKE_INSTALL_PREFIX=${layout.overlay}`,
        `-DPython3_EXECUTABLE=${rosPython(installation)}`,
        '-DBUILD_TESTING=OFF',
      ],
      options,
    );
    await runProgram('interfaces', 'cmake', ['--build', build], options);
    await runProgram('interfaces', 'cmake', ['--install', build], options);
  }
  await rm(join(layout.root, 'build'), { recursive: true, force: true });
}
