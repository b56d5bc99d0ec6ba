import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Something of the system that the setup uses. */
export interface SystemTool {
  readonly name: string;
  /** Debian packages that bring it. */
  readonly packages: readonly string[];
}

const tools: readonly (SystemTool & { readonly check: readonly [program: string, ...args: string[]] })[] = [
  {
    name: 'Python 3.11 or newer with venv',
    packages: ['python3', 'python3-venv'],
    check: ['python3', '-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))'],
  },
  {
    name: 'the C headers of Python',
    packages: ['python3-dev'],
    check: [
      'python3',
      '-c',
      'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_paths()["include"], "Python.h")))',
    ],
  },
  { name: 'a C++ compiler', packages: ['build-essential'], check: ['g++', '--version'] },
  { name: 'npm', packages: ['npm'], check: ['npm', '--version'] },
];

/** Those of the tools that this machine lacks. */
export async function missingRosTools(): Promise<SystemTool[]> {
  const missing: SystemTool[] = [];
  for (const { name, packages, check } of tools) {
    const [program, ...args] = check;
    const present = await run(program, args).then(
      () => true,
      () => false,
    );
    if (!present) missing.push({ name, packages });
  }
  return missing;
}
