import { spawn } from 'node:child_process';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { InterruptedError } from '@rapport/core';
import { z } from 'zod';
import { EXIT_FAILED } from '../output/errors.js';
import { formatDuration } from '../output/progress.js';
import { canInstallPackages, installPackages } from '../system/apt.js';
import { probeSome } from '../system/probes.js';
import { provideRosForTests } from '../system/ros.js';
import { readTestCounts, type TestCounts } from '../system/test-report.js';
import { type Context, defineVerb } from '../verb.js';
import { projectRoot } from '../version.js';

const steps = ['lint', 'types', 'unit', 'end-to-end'] as const;
type Step = (typeof steps)[number];

/** Debian packages of what some tests need, by the name that `doctor` uses. */
const testTools: Readonly<Record<string, readonly string[]>> = {
  Chromium: ['chromium', 'fonts-dejavu-core'],
  ffmpeg: ['ffmpeg'],
  'PostgreSQL server': ['postgresql'],
};

export default defineVerb({
  name: 'test',
  summary: 'everything that must pass: lint, types, unit and property tests, browser and end to end',
  description:
    'Runs the linter, the type checker and every test on the sources. Chromium, ffmpeg and PostgreSQL, which some ' +
    'tests need, are installed through apt where this process is root; elsewhere those tests are skipped, and the ' +
    'command that would fix it is printed. ROS 2 is set up for the live tests as `ros setup` does it, where that is ' +
    'possible. The last line counts the tests.',
  examples: ['rapport test', 'rapport test packages/nn --only unit', 'rapport test --name Sinkhorn'],
  positionals: ['path'],
  heeds: [],
  options: () =>
    z.object({
      path: z.string().min(1).optional().describe('only test files whose path contains this'),
      only: z
        .array(z.enum(steps))
        .min(1)
        .default([...steps])
        .describe('which parts to run; "end-to-end" includes the browser tests'),
      name: z.string().min(1).optional().describe('only tests whose title matches this regular expression'),
      install: z.boolean().default(true).describe('install what is missing through apt where that is possible'),
    }),
  async run(context, options) {
    await provideTools(context, options.install);
    if (runsRosTests(options)) await provideRosForTests(options.install, context.work, context.log);
    const results: StepResult[] = [];
    if (options.only.includes('lint')) results.push(await runStep(context, 'lint', ['biome', 'check', '.']));
    if (options.only.includes('types')) results.push(await runStep(context, 'types', ['tsc', '-b']));
    const projects = options.only.filter((step) => step === 'unit' || step === 'end-to-end');
    let counts: TestCounts | undefined;
    if (projects.length > 0) {
      const report = join(projectRoot, '.rapport/test-report.json');
      await rm(report, { force: true });
      results.push(await runStep(context, 'tests', vitestArguments(projects, options, report)));
      counts = readTestCounts(await readFile(report, 'utf8').catch(() => undefined));
    }
    const failedSteps = results.filter(({ ok }) => !ok).map(({ name }) => name);
    if (failedSteps.length > 0) context.log(`failed, see above: ${failedSteps.join(', ')}`);
    const ok = failedSteps.length === 0 && (counts?.failed ?? 0) === 0;
    return { data: { ok, steps: results, tests: counts }, text: describe(ok, counts), exitCode: ok ? 0 : EXIT_FAILED };
  },
});

interface StepResult {
  readonly name: string;
  readonly ok: boolean;
  readonly seconds: number;
}

function vitestArguments(
  projects: readonly Step[],
  options: { path?: string | undefined; name?: string | undefined },
  report: string,
): string[] {
  return [
    'vitest',
    'run',
    ...(options.path === undefined ? [] : [options.path]),
    ...projects.flatMap((project) => ['--project', project]),
    ...(options.name === undefined ? [] : ['--testNamePattern', options.name]),
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ];
}

/** Whether the tests that are asked for may be those on a ROS 2 graph. */
function runsRosTests({ only, path }: { only: readonly Step[]; path?: string | undefined }): boolean {
  return (
    only.includes('end-to-end') && (path === undefined || 'tests/ros'.includes(path) || path.startsWith('tests/ros'))
  );
}

/** Gets what tests need, or says which tests will be skipped and how to change that. */
async function provideTools(context: Context, install: boolean): Promise<void> {
  const names = Object.keys(testTools);
  let missing = (await probeSome(names)).filter(({ state }) => state === 'missing');
  if (missing.length > 0 && install && (await canInstallPackages())) {
    const packages = missing.flatMap(({ name }) => testTools[name]!);
    context.log(`installing ${packages.join(', ')} for the tests`);
    const problem = await installPackages(packages);
    if (problem !== undefined) context.log(`apt-get failed: ${problem}`);
    missing = (await probeSome(names)).filter(({ state }) => state === 'missing');
  }
  for (const { name, uses, fix } of missing) {
    context.log(`skipped: ${uses}, because ${name} is missing; get it with: ${fix}`);
  }
}

/** Runs one of the project's own tools; what it prints goes to standard error, which leaves the result alone. */
async function runStep(context: Context, name: string, [tool, ...args]: readonly string[]): Promise<StepResult> {
  context.log(`== ${name}: ${tool} ${args.join(' ')}`);
  await mkdir(join(projectRoot, '.rapport'), { recursive: true });
  const startedAt = performance.now();
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(join(projectRoot, 'node_modules/.bin', tool!), args, {
      cwd: projectRoot,
      stdio: ['ignore', 2, 2],
      env: { ...process.env, CI: process.env.CI ?? '1' },
    });
    context.signal.addEventListener('abort', () => child.kill(), { once: true });
    child.on('error', reject);
    child.on('close', resolve);
  });
  if (context.signal.aborted) throw new InterruptedError(`stopped during ${name}`);
  const seconds = (performance.now() - startedAt) / 1000;
  // The tests' own summary stays the last but one thing on the screen.
  if (name !== 'tests') context.log(`${code === 0 ? 'ok' : 'FAILED'}: ${name} (${formatDuration(seconds)})`);
  return { name, ok: code === 0, seconds };
}

/** The last line of the output: tools read it. */
function describe(ok: boolean, counts: TestCounts | undefined): string {
  if (counts === undefined) return ok ? 'passed' : 'failed';
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}
