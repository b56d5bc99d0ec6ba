import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openLedger } from '@rapport/data';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { rapport } from './command-line.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const main = join(root, 'packages/cli/dist/main.js');
const sample = join(root, 'tests/fixtures/lerobot_v3_sample/sample_image');

/** Every command runs in this folder, so that what it leaves behind can be seen. */
let folder: string;

beforeAll(() => {
  // Types are another test's business; here the built command must be today's.
  spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b', 'packages/cli'], { cwd: root });
  folder = mkdtempSync(join(tmpdir(), 'rapport-cli-'));
  process.chdir(folder);
  vi.stubEnv('DATABASE_URL', undefined);
  vi.stubEnv('RAPPORT_COMMAND', undefined);
}, 120_000);

afterAll(() => {
  vi.unstubAllEnvs();
  process.chdir(root);
  rmSync(folder, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a command as a process of its own. What a process need not show is run in this one (`rapport`), which starts nothing. */
function start(args: readonly string[], onErr: (text: string, child: ChildProcess) => void = () => {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, ...args], { cwd: folder });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
      onErr(err, child);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

/** Sends one Ctrl+C once standard error matches and, for the folder that it names, the condition holds. */
function stopOnce(pattern: RegExp, ready: (folder: string) => boolean = () => true) {
  let watch: ReturnType<typeof setInterval> | undefined;
  return (text: string, child: ChildProcess) => {
    const match = pattern.exec(text);
    if (match === null || watch !== undefined) return;
    watch = setInterval(() => {
      if (!ready(match[1] ?? '') && child.exitCode === null) return;
      clearInterval(watch);
      child.kill('SIGINT');
    }, 5);
  };
}

function hasEpisodes(dataset: string): boolean {
  const info = join(dataset, 'meta/info.json');
  return existsSync(info) && JSON.parse(readFileSync(info, 'utf8')).total_episodes > 0;
}

/** Fails in one line and a fix, with nothing on standard output and no stack. */
async function expectFailure(args: readonly string[], message: RegExp, code = 1): Promise<void> {
  expectRefused(await rapport(...args), message, code);
}

function expectRefused(ended: Ended, message: RegExp, code = 1): void {
  expect(ended.err).toMatch(message);
  expect(ended).toMatchObject({ code, out: '' });
  const complaint = ended.err.split('\n').filter((line) => line !== '' && !/^\S.* \d+\/\d+/.test(line));
  expect(complaint[0]).toMatch(/^rapport: /);
  expect(complaint.length).toBeLessThanOrEqual(2);
  expect(ended.err).not.toMatch(/\n\s+at .*:\d+/);
}

describe('help', () => {
  it('lists the commands, and each of them has a help page with its options and examples', async () => {
    const { out, code } = await start(['help']);
    expect(code).toBe(0);
    const names = [
      ...out
        .split('Commands:\n')[1]!
        .split('\n\n')[0]!
        .matchAll(/^ {2}(\S+(?: \S+)?) {2,}\S/gm),
    ].map((match) => match[1]!);
    expect(names).toEqual(expect.arrayContaining(['rollout', 'rank', 'doctor', 'config show']));
    for (const name of names) {
      const page = await rapport(...name.split(' '), '--help');
      expect(page.code, name).toBe(0);
      expect(page.out).toMatch(new RegExp(`^rapport ${name}: .*\\n\\nUsage: rapport ${name}`));
      expect(page.out).toContain('Examples:\n  rapport ');
      expect(page.out).not.toContain('undefined');
    }
  });

  it('starts in well under three seconds', async () => {
    const startedAt = performance.now();
    await start(['--version']);
    expect(performance.now() - startedAt).toBeLessThan(3000);
  });
});

describe('the command line', () => {
  it('names the nearest command', async () =>
    expectRefused(await start(['rolout']), /unknown command "rolout"; did you mean "rollout"\?/, 2));
  it('names the nearest of the flags that stand before a command', () =>
    expectFailure(['--jsno', 'doctor'], /unknown option "--jsno" before a command; did you mean "--json"\?/, 2));
  it('names the nearest option', () =>
    expectFailure(['rollout', 'e', '--episods=3'], /unknown option "episods" .*; did you mean "episodes"\?/, 2));
  it('names key, value and type', () =>
    expectFailure(
      ['rollout', 'e', 'episodes=many'],
      /"episodes" on the command line is "many"; it takes an integer/,
      2,
    ));
  it('names key, value and range', () =>
    expectFailure(
      ['rank', 'd', '--clipsPerQuery', '7'],
      /"clipsPerQuery" .* is 7; it takes an integer from 2 to 6/,
      2,
    ));
  it('says what is missing', () => expectFailure(['rollout'], /option "env" is missing/, 2));
  it('refuses an option that the command does not heed', () =>
    expectFailure(['validate', 'd', '--seed', '3'], /unknown option "seed"/, 2));
  it('says that the configuration file is missing', () =>
    expectFailure(['rollout', 'e', '--config', 'none.yaml'], /none\.yaml does not exist/));

  it('lets the command line win over the file and the file over the default', async () => {
    writeFileSync(join(folder, 'options.yaml'), 'env: from-file\nepisodes: 7\nseed: 5\n');
    const args = ['config', 'show', 'rollout', '--config', 'options.yaml', 'episodes=9', '--json'];
    const { out, code } = await start(args);
    expect(code).toBe(0);
    const { values } = JSON.parse(out);
    const shown = Object.fromEntries(
      values.map(({ key, value, origin }: { key: string; value: unknown; origin: string }) => [key, [value, origin]]),
    );
    expect(shown).toMatchObject({
      env: ['from-file', 'file'],
      episodes: [9, 'command line'],
      seed: [5, 'file'],
      policy: ['mixed', 'default'],
    });
  });

  it('names the file and the line of an unknown key', async () => {
    writeFileSync(join(folder, 'wrong.yaml'), 'episodes: 7\npolicies: careful\n');
    await expectFailure(
      ['rollout', 'e', '--config', 'wrong.yaml'],
      /unknown option "policies" on wrong\.yaml, line 2; did you mean "policy"\?/,
      2,
    );
  });

  it('prints a stack only with --debug', async () => {
    const { err } = await start(['validate', 'nothing-here', '--debug']);
    expect(err).toMatch(/\n\s+at .*:\d+/);
    expectRefused(await start(['validate', 'nothing-here']), /nothing-here\/meta\/info\.json.* is missing/);
  });
});

describe('--json', () => {
  it.each([
    [['doctor', '--json']],
    [['envs', '--json']],
    [['bench', '--json']],
    [['models', 'list', '--json']],
    [['--version', '--json']],
    [['help', '--json']],
    [['validate', sample, '--json']],
  ])('prints exactly one document on standard output: %j', async (args) => {
    const { out, code } = await start(args);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toBeTypeOf('object');
  });

  it('keeps progress and news on standard error', async () => {
    const args = ['rollout', 'xmagical/avoid-longstick', '--episodes=1', '--picture=0', '--json'];
    const { out, err } = await start([...args, '--output=news']);
    expect(JSON.parse(out)).toMatchObject({ episodes: 1 });
    expect(err).toMatch(/^recording to .*\nrecording xmagical\/avoid-longstick 0\/1\n/);
    // Another folder: two runs that start in the same second would claim the same one.
    expect((await start([...args, '--output=no-news', '--quiet'])).err).toBe('');
  });
});

describe('datasets', () => {
  it('records rollouts that validate, and the same bytes from the same seed', async () => {
    const record = async (output: string) => {
      const args = ['rollout', 'xmagical/avoid-longstick', '--episodes=2', '--picture=0', '--seed=3', '--json'];
      const { out, code, err } = await start([...args, `--output=${output}`]);
      expect(code, err).toBe(0);
      return JSON.parse(out);
    };
    const [first, second] = [await record('a'), await record('b')];
    expect(first).toMatchObject({ episodes: 2, policy: 'mixed' });
    expect(first.datasetId).toBe(second.datasetId);
    const difference = spawnSync('diff', ['-r', first.directory, second.directory], { encoding: 'utf8' });
    expect(difference.stdout).toBe('');
    const { out } = await start(['validate', dirname(first.directory)]);
    expect(out).toMatch(/is valid: 2 episodes/);
  });

  it('keeps a valid dataset after Ctrl+C, says how to go on, and goes on to the same bytes', async () => {
    const common = ['rollout', 'xmagical/avoid-longstick', '--episodes=24', '--picture=0', '--seed=4'];
    const whole = JSON.parse((await start([...common, '--output=whole', '--json'])).out);

    const ended = await start([...common, '--output=stopped'], stopOnce(/recording to (\S+)\n/, hasEpisodes));
    expect(ended.code).toBe(130);
    expect(ended.err).toMatch(
      /stopped after \d+ of 24 episodes, which are kept\n {2}fix: go on with rapport rollout --resume \S+/,
    );
    const run = /--resume (\S+)/.exec(ended.err)![1]!;
    expect((await start(['validate', run])).code).toBe(0);

    const resumed = JSON.parse((await start(['rollout', '--resume', run, '--json'])).out);
    expect(resumed.episodes).toBe(24);
    const difference = spawnSync('diff', ['-r', whole.directory, resumed.directory], { encoding: 'utf8' });
    expect(difference.stdout).toBe('');
  });

  it('leaves nothing behind for an unknown environment or policy', async () => {
    await expectFailure(
      ['rollout', 'xmagical/avoid-longstik', '--output=none'],
      /did you mean "xmagical\/avoid-longstick"/,
    );
    await expectFailure(
      ['rollout', 'SweepToTop-Longstick-Pixels-Allo-Demo-v0', '--picture=0', '--output=none'],
      /neither numbers nor pictures would be recorded\n {2}fix: record the pictures of a camera/,
    );
    await expectFailure(
      ['rollout', 'xmagical/avoid-longstick', '--policy=carful', '--output=none'],
      /"carful" is neither a scripted policy of xmagical\/avoid-longstick \(careful, .*\) nor a folder/,
    );
    await expectFailure(
      ['rollout', 'xmagical/avoid-longstick', '--assets=.', '--output=none'],
      /xmagical\/avoid-longstick has no arm to load from \.: it takes no assets/,
    );
    await expectFailure(
      ['rollout', 'franka/reach', '--assets=nowhere', '--output=none'],
      /the folder of robot assets cannot be read: nowhere/,
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('refuses a folder that cannot be written', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expectFailure(
      ['rollout', 'xmagical/avoid-longstick', '--output=file'],
      /run folder .*file.* cannot be written/,
    );
  });

  it('names the file of a corrupt dataset', async () => {
    const copy = join(folder, 'corrupt');
    cpSync(sample, copy, { recursive: true });
    const data = join(copy, 'data/chunk-000');
    truncateSync(join(data, readdirSync(data)[0]!), 100);
    const { out, code } = await start(['validate', copy]);
    expect(code).toBe(1);
    expect(out).toMatch(/^data\/chunk-000\/file-000\.parquet.*\n {2}fix: /);
    await expectFailure(['rank', join(copy, 'data'), '--ledger=unused'], /meta\/info\.json.* is missing/);
    expect(existsSync(join(folder, 'unused'))).toBe(false);
  });

  it('refuses to resume with other options, another command, or what is no run', async () => {
    await expectFailure(
      ['rollout', '--resume', 'a', '--episodes=3'],
      /"episodes" cannot be changed by a resumed run/,
      2,
    );
    await expectFailure(['rollout', '--resume', sample], /is no run folder/);
  });
});

describe('rank', () => {
  it('names a busy port', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      await expectFailure(['rank', sample, `--port=${port}`, '--ledger=busy'], new RegExp(`port ${port} .* is in use`));
    } finally {
      server.close();
    }
  });

  it('prints its address even when quiet, ends well with Ctrl+C, and the ledger can be exported', async () => {
    const ended = await start(
      ['rank', sample, '--ledger=ledger', '--quiet', '--json'],
      stopOnce(/http:\/\/127\.0\.0\.1:/),
    );
    expect(ended.code).toBe(0);
    expect(JSON.parse(ended.out)).toMatchObject({ answers: 0, finished: false });
    const exported = await start(['feedback', 'export', '--ledger=ledger', '--json']);
    const { entries, files } = JSON.parse(exported.out);
    expect(entries).toBe(0);
    expect(files.map((file: string) => existsSync(file))).toEqual([true, true]);
  });

  it('refuses a ledger that is not there', () =>
    expectFailure(['feedback', 'export', '--ledger=no-ledger'], /there is no feedback ledger at no-ledger/));

  it('refuses a ledger of a newer version', async () => {
    const require = createRequire(join(root, 'packages/data/package.json'));
    const { PGlite } = await import(require.resolve('@electric-sql/pglite'));
    const ledger = await openLedger({ directory: join(folder, 'newer') });
    await ledger.close();
    const database = await PGlite.create(join(folder, 'newer/postgres'));
    await database.query('UPDATE rapport.ledger_schema SET version = 99');
    await database.close();
    await expectFailure(
      ['feedback', 'export', '--ledger=newer'],
      /has schema version 99; this Rapport reads version 2/,
    );
  });
});

describe('learning', () => {
  let dataset: string;

  it('records, ranks by simulation, learns a reward, and the ledger exports what was ranked', async () => {
    const recorded = await start(['rollout', 'xmagical/avoid-longstick', '--episodes=20', '--picture=32', '--json']);
    dataset = JSON.parse(recorded.out).directory;
    const sheet = readFileSync(JSON.parse(recorded.out).contactSheet);
    // PNG's width stands at byte 16: eight pictures in a row.
    expect(sheet.readUInt32BE(16)).toBe(8 + 8 * (96 + 8));
    const rank = ['rank', dataset, '--queries=12', '--annotator=simulated', '--ledger=labels', '--json'];
    expect(JSON.parse((await start(rank)).out)).toMatchObject({ answers: 12, finished: true });
    // Asked again, the same annotator has answered everything already.
    expect(JSON.parse((await start(rank)).out)).toMatchObject({ answers: 0 });
    expect(JSON.parse((await start(['feedback', 'export', '--ledger=labels', '--json'])).out).entries).toBe(12);

    const learn = [
      'train',
      'reward',
      dataset,
      '--ledger=labels',
      '--encoder.kind=pixels16',
      '--rapl.epochs=2',
      '--json',
    ];
    const [first, second] = [
      JSON.parse((await start(learn)).out),
      JSON.parse((await start([...learn, '--output=again'])).out),
    ];
    expect(first.rankings.training + first.rankings.heldOut).toBe(12);
    expect(spawnSync('diff', ['-r', first.directory, second.directory], { encoding: 'utf8' }).stdout).toBe('');

    const tensors = readdirSync(first.directory).find((name) => name.endsWith('.safetensors'))!;
    truncateSync(join(first.directory, tensors), 100);
    await expectFailure(
      ['train', 'policy', 'xmagical/avoid-longstick', '--reward', first.directory, '--output=none'],
      new RegExp(`${tensors} has SHA-256`),
    );
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('says what is missing when nothing was ranked', async () => {
    await start(['rank', sample, '--ledger=empty'], stopOnce(/http:/));
    await expectFailure(
      ['train', 'reward', dataset, '--ledger=empty', '--encoder.kind=pixels16', '--quiet'],
      /the ledger holds no ranking of dataset .* to learn from/,
    );
  });

  it('goes on with an interrupted training to the same bytes, and refuses a truncated policy', async () => {
    const train = ['train', 'policy', 'xmagical/avoid-longstick', '--reward=environment', '--policy.steps=600'];
    train.push('--policy.randomSteps=100', '--policy.hiddenSizes=16', '--policy.evaluateEvery=100');
    train.push('--policy.evaluationEpisodes=1', '--policy.updatesPerStep=0.2');
    const whole = JSON.parse((await start([...train, '--json', '--output=whole'])).out);
    const hasCheckpoint = (directory: string) => existsSync(join(directory, 'checkpoints/last'));
    const ended = await start([...train, '--output=part'], stopOnce(/training in (\S+)\n/, hasCheckpoint));
    expect(ended.code).toBe(130);
    const run = /--resume (\S+)/.exec(ended.err)![1]!;
    const resumed = JSON.parse((await start(['train', 'policy', '--resume', run, '--json'])).out);
    expect(spawnSync('diff', ['-r', whole.policy, resumed.policy], { encoding: 'utf8' }).stdout).toBe('');

    const evaluated = await start(['eval', whole.directory, '--episodes=2', '--json']);
    expect(JSON.parse(evaluated.out)).toMatchObject({ env: 'xmagical/avoid-longstick', score: { count: 2 } });
    truncateSync(join(whole.policy, 'policy.safetensors'), 200);
    await expectFailure(['eval', whole.directory], /policy\.safetensors/);
  });
});

describe('conformance', () => {
  const traces = join(root, 'tests/fixtures/xmagical/traces.json');

  it('finds the recorded traces within their gates, and says so of each', async () => {
    const { out, code } = await start(['conformance', 'xmagical', '--traces', traces, '--json']);
    expect(code).toBe(0);
    const report = JSON.parse(out);
    expect(report.passed).toBe(true);
    expect(report.traces.length).toBeGreaterThan(5);
  });

  it('fails when a recorded number is changed', async () => {
    const changed = JSON.parse(readFileSync(traces, 'utf8'));
    const rows: number[][] = changed.traces[0].rows;
    rows[rows.length - 1]![0]! += 1e-3;
    writeFileSync(join(folder, 'changed.json'), JSON.stringify(changed));
    const { out, code } = await start(['conformance', 'xmagical', '--traces', 'changed.json']);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED/);
  });

  it('names what is wrong with a file', async () => {
    writeFileSync(join(folder, 'odd.json'), '{"traces": 3}');
    await expectFailure(['conformance', 'xmagical', '--traces', 'odd.json'], /odd\.json/);
    await expectFailure(['conformance', 'xmagical', '--traces', 'none.json'], /none\.json does not exist/);
  });
});
