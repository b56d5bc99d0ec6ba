import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { StopSignal } from '@rapport/core';
import type { Installation } from './installation.js';
import { layout, recipe } from './layout.js';
import { runProgram } from './run-program.js';

/** Builds the addon of `ros/take-message.cpp` beside rclnodejs. @throws UnavailableError when it cannot be compiled */
export async function buildTakeMessage(
  { source, prefixes }: Installation,
  signal: StopSignal | undefined,
): Promise<void> {
  const ros = source === 'wheels' ? [layout.venv] : prefixes;
  const modules = join(layout.node, 'node_modules');
  const includes = [
    join(modules, 'node-addon-api'),
    join(modules, 'node-api-headers/include'),
    join(layout.rclnodejs, 'src'),
    ...ros.flatMap(includeFolders),
  ];
  await runProgram(
    'take-message',
    'g++',
    [
      ...['-std=c++17', '-O2', '-shared', '-fPIC', '-DNAPI_CPP_EXCEPTIONS', '-DNODE_GYP_MODULE_NAME=take_message'],
      ...['-o', layout.takeMessage, recipe.takeMessage],
      ...includes.map((folder) => `-I${folder}`),
      ...ros.map((prefix) => `-L${join(prefix, 'lib')}`),
      ...['-lrcl', '-lrmw', '-lrcutils'],
    ],
    { signal },
  );
}

/** Headers lie below a folder for each package, or, of older distributions, directly in the common one. */
function includeFolders(prefix: string): string[] {
  const common = join(prefix, 'include');
  if (!existsSync(common)) return [];
  return [common, ...readdirSync(common).map((name) => join(common, name))];
}
