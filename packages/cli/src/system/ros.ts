import { type RapportError, UnavailableError, type WorkOptions } from '@rapport/core';
import { formatDuration } from '../output/progress.js';
import { canInstallPackages, installPackages } from './apt.js';

/**
 * Installs the system packages that the setup of ROS 2 uses.
 * @param install whether to try, through apt
 * @throws UnavailableError with the command that installs what is missing
 */
export async function provideRosTools(install: boolean, log: (line: string) => void): Promise<void> {
  const { missingRosTools } = await import('@rapport/robot');
  let missing = await missingRosTools();
  if (missing.length > 0 && install && (await canInstallPackages())) {
    const packages = missing.flatMap((tool) => tool.packages);
    log(`installing ${packages.join(', ')}`);
    const problem = await installPackages(packages);
    if (problem !== undefined) log(`apt-get failed: ${problem}`);
    missing = await missingRosTools();
  }
  if (missing.length === 0) return;
  throw new UnavailableError(`the setup of ROS 2 needs ${missing.map(({ name }) => name).join(', ')}`, {
    fix: `apt-get install -y ${missing.flatMap((tool) => tool.packages).join(' ')}`,
  });
}

/** Sets up ROS 2 for the live tests where it is not there yet, or says why they will be skipped. */
export async function provideRosForTests(
  install: boolean,
  work: WorkOptions,
  log: (line: string) => void,
): Promise<void> {
  const { prepareRos, rosState } = await import('@rapport/robot');
  const state = rosState();
  if (state.ready) return;
  const skip = (reason: string) => log(`skipped: the live ROS 2 tests, because ${reason}`);
  if (!install) return skip(`${state.reason}; get it with: ./rapport ros setup`);
  try {
    log('== ROS 2 for the live tests');
    await provideRosTools(install, log);
    await prepareRos({
      ...work,
      distro: 'jazzy',
      onStep: (label, seconds) => log(`${formatDuration(seconds)}: ${label}`),
    });
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    skip(describe(error));
  }
}

function describe({ message, fix }: RapportError): string {
  return fix === undefined ? message : `${message}; ${fix}`;
}
