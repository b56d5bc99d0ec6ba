import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Installation } from './installation.js';
import { layout, recipe } from './layout.js';

type Environment = Record<string, string | undefined>;

/** Set in a process that runs with this environment. */
const MARK = 'RAPPORT_ROS';

/** Whether this process was started with the environment of ROS 2. */
export function inRosEnvironment(): boolean {
  return process.env[MARK] !== undefined;
}

/**
 * The environment of a process that uses ROS 2. It must be there before the process starts: libraries of message types
 * are loaded by name, and the loader reads LD_LIBRARY_PATH only once.
 *
 * What the caller has set stays: ROS_DOMAIN_ID, RMW settings, a Fast DDS profile, the discovery range, ROS_LOG_DIR. Where
 * nothing is set, discovery stays on this machine and logs go into the installation's folder.
 */
export function rosEnvironment(installation: Installation, base: Environment = process.env): Environment {
  const { distro, source, prefixes } = installation;
  const own = source === 'wheels' ? [layout.overlay, layout.venv] : [layout.overlay, ...prefixes];
  const python = pythonFolder(layout.overlay);
  const range = base.ROS_AUTOMATIC_DISCOVERY_RANGE ?? 'LOCALHOST';
  const reach = range === 'LOCALHOST' ? 'local' : 'network';
  const profile = base[fastDdsVariable(distro)];
  return {
    ...base,
    [MARK]: distro,
    ROS_DISTRO: distro,
    ROS_VERSION: '2',
    ROS_PYTHON_VERSION: '3',
    AMENT_PREFIX_PATH: own.join(delimiter),
    CMAKE_PREFIX_PATH: own.join(delimiter),
    PATH: joinPath([join(layout.venv, 'bin')], base.PATH),
    LD_LIBRARY_PATH: joinPath(
      own.map((prefix) => join(prefix, 'lib')),
      source === 'sourced' ? base.LD_LIBRARY_PATH : undefined,
    ),
    PYTHONPATH: joinPath(python === undefined ? [] : [python], source === 'sourced' ? base.PYTHONPATH : undefined),
    ROS_LOG_DIR: base.ROS_LOG_DIR ?? layout.logs,
    // Humble knows only the older switch.
    ...(distro === 'humble'
      ? { ROS_LOCALHOST_ONLY: base.ROS_LOCALHOST_ONLY ?? (reach === 'local' ? '1' : '0') }
      : // The profile keeps to this machine by itself. Told to, rmw_fastrtps would add a second set of transports, and every
        // process would have each port twice.
        { ROS_AUTOMATIC_DISCOVERY_RANGE: reach === 'local' && profile === undefined ? 'SYSTEM_DEFAULT' : range }),
    [fastDdsVariable(distro)]: profile ?? recipe.fastDds(reach),
    // The wheels' libraries have been repaired: their Python modules need not start the interpreter anew.
    ...(source === 'wheels' && { _ROS_WHEELS_BOOTSTRAP_COMPLETE: '1' }),
  };
}

/** The same as a shell script to be sourced; what the shell has set already stays there, too. */
export function shellEnvironment(installation: Installation): string {
  const { PATH, ...added } = rosEnvironment(installation, {});
  const kept = [
    'ROS_LOG_DIR',
    'ROS_LOCALHOST_ONLY',
    'ROS_AUTOMATIC_DISCOVERY_RANGE',
    fastDdsVariable(installation.distro),
  ];
  const lines = Object.entries(added).map(([name, value]) =>
    kept.includes(name) ? `export ${name}="\${${name}:-${value}}"` : `export ${name}="${value}"`,
  );
  return `${[...lines, `export PATH="${PATH}:$PATH"`].join('\n')}\n`;
}

/** The Python that ROS 2's Python packages run in. */
export function rosPython({ source }: Installation): string {
  return source === 'wheels' ? join(layout.venv, 'bin/python3') : 'python3';
}

function fastDdsVariable(distro: string): string {
  return ['humble', 'iron', 'jazzy'].includes(distro)
    ? 'FASTRTPS_DEFAULT_PROFILES_FILE'
    : 'FASTDDS_DEFAULT_PROFILES_FILE';
}

/** `lib/python3.X/site-packages` of a prefix. */
export function pythonFolder(prefix: string): string | undefined {
  const lib = join(prefix, 'lib');
  const version = existsSync(lib) ? readdirSync(lib).find((name) => /^python3\.\d+$/.test(name)) : undefined;
  return version === undefined ? undefined : join(lib, version, 'site-packages');
}

function joinPath(first: readonly string[], rest: string | undefined): string {
  return [...first, ...(rest === undefined || rest === '' ? [] : [rest])].join(delimiter);
}
