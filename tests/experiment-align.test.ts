import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'packages/cli/dist/main.js');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'rapport-experiment-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(args: readonly string[]) {
  const ended = spawnSync(process.execPath, [main, 'experiment', 'align', ...args, '--json'], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { code: ended.status, err: ended.stderr, data: ended.stdout === '' ? undefined : JSON.parse(ended.stdout) };
}

const size = [
  '--env=xmagical/pass-shortstick',
  '--quick',
  '--demonstrations=40',
  '--cloning.steps=200',
  '--starts=6',
  '--rolloutsPerStart=4',
  '--rankings=10',
  '--encoder.kind=pixels16',
  '--evaluationEpisodes=10',
];

describe('experiment align', () => {
  it('aligns a cloned policy by several methods, goes on where it stopped, and lends its policy to other runs', () => {
    const { code, err, data } = run([...size, '--methods=rapl,winners']);
    expect(code, err).toBe(0);
    expect(data.demonstrations).toEqual({ left: 20, right: 20 });
    expect(data.before.episodes).toHaveLength(10);
    expect(data.cells.map(({ method, rankings }: { method: string; rankings: number }) => [method, rankings])).toEqual([
      ['rapl', 10],
      ['winners', 10],
    ]);
    for (const cell of data.cells) {
      expect(cell.evaluation.episodes.map(({ seed }: { seed: number }) => seed)).toEqual(
        data.before.episodes.map(({ seed }: { seed: number }) => seed),
      );
      expect(cell.used).toBeGreaterThan(0);
    }
    const directory = dirname(data.page);
    const page = readFileSync(data.page, 'utf8');
    expect(page).toContain('fine-tuning on winners');
    expect(page).toContain('data:image/png;base64,');
    expect(readFileSync(join(directory, 'report.md'), 'utf8')).toContain('| RAPL | 10 |');
    for (const method of ['rapl', 'winners']) {
      expect(existsSync(join(directory, 'cells', `${method}-10`, 'policy', 'policy.json'))).toBe(true);
    }

    // The last alignment is done again, from what the stages before it left, and comes out the same.
    const weights = join(directory, 'cells/winners-10/policy/model.safetensors');
    const before = readFileSync(weights);
    const cloned = statSync(join(directory, 'cloning/result.json')).mtimeMs;
    rmSync(join(directory, 'cells/winners-10'), { recursive: true });
    const again = run(['--resume', directory]);
    expect(again.code, again.err).toBe(0);
    expect(readFileSync(weights).equals(before)).toBe(true);
    expect(statSync(join(directory, 'cloning/result.json')).mtimeMs).toBe(cloned);
    expect(again.data.cells.map(({ evaluation }: { evaluation: unknown }) => evaluation)).toEqual(
      data.cells.map(({ evaluation }: { evaluation: unknown }) => evaluation),
    );

    const other = run([...size, '--methods=direct', '--from', directory, '--seed=1']);
    expect(other.code, other.err).toBe(0);
    expect(other.data.before.episodes).toEqual(data.before.episodes);
    expect(existsSync(join(dirname(other.data.page), 'cloning'))).toBe(false);
  });

  it('refuses a run that has no policy to lend', () => {
    const { code, err } = run([...size, '--from', folder]);
    expect(code).toBe(1);
    expect(err).toContain('holds no demonstrations-done.json');
  });
});
