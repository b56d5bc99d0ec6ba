import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Runs code in a process of its own, with `bounded` at hand. */
function run(code: string) {
  const file = new URL('../../dist/graph/bounded.js', import.meta.url).href;
  const script = `const { bounded } = await import(${JSON.stringify(file)}); ${code}`;
  return spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', timeout: 30_000 });
}

const bound = `{ patienceMs: 200, line: 'it hangs' }`;

it('ends a process whose thread hangs, with one line', () => {
  const { signal, stderr } = run(`
    process.on('exit', () => bounded(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0), ${bound}));`);
  expect(signal).toBe('SIGKILL');
  expect(stderr).toBe('rapport: it hangs\n');
});

it('returns what the work returns, throws what it throws, and does not keep the process', () => {
  const { status, stdout, stderr } = run(`
    process.stdout.write(String(bounded(() => 6 * 7, ${bound})));
    try {
      bounded(() => { throw new Error('no'); }, ${bound});
    } catch (error) {
      process.stdout.write(error.message);
    }
    setTimeout(() => process.exit(3), 600);`);
  expect([status, stdout, stderr]).toEqual([3, '42no', '']);
});
