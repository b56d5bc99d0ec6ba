import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../packages/cli/dist/main.js', import.meta.url));

/** A loop that takes seconds: too little to learn anything, enough to run every part. */
const SMALL = [
  '--rollouts=40',
  '--rankings=12',
  '--picture=48',
  '--encoder.kind=pixels16',
  '--rapl.epochs=3',
  '--rlhf.epochs=3',
  '--policy.steps=400',
  '--policy.randomSteps=100',
  '--policy.hiddenSizes=16',
  '--policy.batchSize=16',
  '--policy.evaluateEvery=100',
  '--policy.evaluationEpisodes=2',
  '--evaluationEpisodes=3',
  '--rewards=rapl,true',
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-demo-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `rapport demo`; `interruptWhen` sends Ctrl+C as soon as what was printed satisfies it. */
function demo(args: readonly string[], interruptWhen?: (err: string) => boolean): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, 'demo', ...args], { cwd: folder });
    let out = '';
    let err = '';
    let interrupted = false;
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
      if (!interrupted && interruptWhen?.(err)) {
        interrupted = true;
        child.kill('SIGINT');
      }
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

async function onlyRun(root: string): Promise<string> {
  const [day] = await readdir(join(root, 'demo'));
  const [run] = await readdir(join(root, 'demo', day!));
  return join(root, 'demo', day!, run!);
}

const MODELS = ['models/rapl', 'models/rlhf', 'policies/rapl/policy', 'policies/true/policy'] as const;

async function modelBytes(run: string): Promise<Record<string, Buffer>> {
  const bytes: Record<string, Buffer> = {};
  for (const model of MODELS) {
    for (const file of (await readdir(join(run, model))).sort()) {
      bytes[`${model}/${file}`] = await readFile(join(run, model, file));
    }
  }
  return bytes;
}

describe('rapport demo', () => {
  it('runs the whole loop, and a run that was interrupted and resumed ends with the same bytes', async () => {
    const whole = await demo([...SMALL, '--seed=3', `--output=${join(folder, 'whole')}`, '--json']);
    expect(whole.err).not.toMatch(/error|Error/);
    expect(whole.code).toBe(0);
    const report = JSON.parse(whole.out);
    expect(report.policies.map((policy: { reward: string }) => policy.reward)).toEqual(['rapl', 'true']);
    expect(report.rewards[0].pairAccuracy.count).toBeGreaterThan(20);
    const wholeRun = await onlyRun(join(folder, 'whole'));
    const page = await readFile(join(wholeRun, 'report.html'), 'utf8');
    expect(page).toContain('data:image/png;base64,');
    expect(page).not.toMatch(/(src|href)="(https?:)?\/\//);

    const root = join(folder, 'interrupted');
    const stopped = await demo([...SMALL, '--seed=3', `--output=${root}`], (err) => err.includes('training policies'));
    expect(stopped.code).toBe(130);
    expect(stopped.err).toContain('--resume');
    const run = await onlyRun(root);
    expect(existsSync(join(run, 'report.html'))).toBe(false);
    const resumed = await demo([`--resume=${run}`]);
    expect(resumed.code).toBe(0);
    expect(existsSync(join(run, 'report.html'))).toBe(true);
    expect(await modelBytes(run)).toEqual(await modelBytes(wholeRun));
  }, 900_000);

  it('refuses an unknown embodiment in one line', async () => {
    const { code, err, out } = await demo(['--embodiment=longstik']);
    expect(code).toBe(2);
    expect(err).toContain('longstik');
    expect(err).toContain('longstick');
    expect(err).not.toContain('    at ');
    expect(out).toBe('');
  });
});
