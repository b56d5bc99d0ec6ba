import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { UnavailableError } from '@rapport/core';
import { z } from 'zod';
import { layout, recipe } from './layout.js';

const installationSchema = z.object({
  /** For example `jazzy`. */
  distro: z.string(),
  /** Whether ROS 2 comes from Python wheels or from an installation that was sourced. */
  source: z.enum(['wheels', 'sourced']),
  /** Prefixes of the sourced installation, highest priority first; empty for wheels. */
  prefixes: z.array(z.string()),
  /** Finished steps, with a hash of what each was made from. */
  steps: z.record(z.string(), z.string()),
  /** Names of all steps that a complete installation has. */
  wanted: z.array(z.string()),
});

/** A ROS 2 for this project, complete or on the way there. */
export type Installation = z.infer<typeof installationSchema>;

/** What is there, or why it cannot be used. */
export type RosState =
  | { readonly ready: true; readonly installation: Installation }
  | { readonly ready: false; readonly reason: string };

/** The record of what has been installed; undefined when there is none that can be read. */
export function readInstallation(record: string = layout.record): Installation | undefined {
  try {
    return installationSchema.parse(JSON.parse(readFileSync(record, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Whether ROS 2 has been set up here, completely and from what the project asks for now. Looks at files only. */
export function rosState(record: string = layout.record): RosState {
  const installation = readInstallation(record);
  if (installation === undefined) return { ready: false, reason: 'ROS 2 has not been set up' };
  const { steps, wanted, distro } = installation;
  const missing = wanted.find((step) => steps[step] === undefined);
  if (missing !== undefined) return { ready: false, reason: `the setup of ROS 2 ended before its step "${missing}"` };
  const fingerprints = recipeFingerprints(distro);
  const stale = wanted.find((step) => fingerprints[step] !== undefined && fingerprints[step] !== steps[step]);
  if (stale !== undefined) {
    return {
      ready: false,
      reason: `ROS 2 was set up from other versions (step "${stale}") than this Rapport asks for`,
    };
  }
  const lost = [layout.addon, layout.takeMessage, layout.overlay].find((path) => !existsSync(path));
  if (lost !== undefined) return { ready: false, reason: `${lost} of the ROS 2 setup is gone` };
  return { ready: true, installation };
}

/**
 * The installation that ROS commands run on.
 * @throws UnavailableError with the reason and the command to run
 */
export function requireRos(record: string = layout.record): Installation {
  const state = rosState(record);
  if (state.ready) return state.installation;
  throw new UnavailableError(state.reason, { fix: 'run `rapport ros setup`' });
}

/** Hashes of what each step is made from, where that lies in the project. */
export function recipeFingerprints(distro: string): Readonly<Record<string, string>> {
  const requirements = recipe.requirements(distro);
  return {
    ...(existsSync(requirements) && { wheels: hashFiles([requirements]) }),
    interfaces: hashFiles(recipe.interfacePackages.flatMap((name) => filesBelow(join(recipe.interfaces, name)))),
    rclnodejs: hashFiles([join(recipe.rclnodejs, 'package-lock.json')]),
    'take-message': hashFiles([recipe.takeMessage]),
    'fast-dds': hashFiles([recipe.fastDdsRepairs]),
  };
}

function hashFiles(files: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${relative(recipe.interfaces, file)}\n`).update(readFileSync(file));
  return hash.digest('hex');
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const path = join(folder, name);
      return statSync(path).isDirectory() ? filesBelow(path) : [path];
    });
}
