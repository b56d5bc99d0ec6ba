import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnavailableError } from '@rapport/core';
import { afterAll, describe, expect, it } from 'vitest';
import { GymBridge } from './bridge.js';

// Stand-ins for the Python process: programs of Node that behave badly. The thread between is that of the last build.
const folder = mkdtempSync(join(tmpdir(), 'rapport-bridge-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, text: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `import { connect } from 'node:net';\n${text}`);
  return file;
}

function expectGone(bridge: GymBridge, message: RegExp): void {
  expect(() => bridge.request('reset', { seed: 1 })).toThrow(UnavailableError);
  // Nothing is waited for any more.
  const start = performance.now();
  expect(() => bridge.request('step', { action: [0] })).toThrow(message);
  expect(performance.now() - start).toBeLessThan(100);
  bridge.close();
}

describe('GymBridge', () => {
  it('says how a process ended that never connected', () => {
    const script = program('ends', "console.error('no module named gymnasium'); process.exit(3);");
    expectGone(new GymBridge('gym:x/Ends-v0', process.execPath, script), /gym:x\/Ends-v0 is gone \(code 3: no module/);
  });

  it('says how a process ended in the midst of a request', () => {
    const script = program('dies', "connect(process.argv[2]).on('data', () => process.kill(process.pid, 'SIGKILL'));");
    expectGone(new GymBridge('gym:x/Dies-v0', process.execPath, script), /is gone \(SIGKILL\)/);
  });

  it('gives up on a process that does not answer', () => {
    const script = program('hangs', "connect(process.argv[2]).on('data', () => {});");
    expectGone(new GymBridge('gym:x/Hangs-v0', process.execPath, script, 1500), /no answer to "reset" within 1.5 s/);
  });

  it('says that the interpreter cannot be started', () => {
    expectGone(new GymBridge('gym:x/None-v0', join(folder, 'python'), 'script'), /ENOENT/);
  });
});
