import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { learnerView, recordEpisode } from '@rapport/core';
import { environments, makeEnv, scriptedPolicies, scriptedPolicy } from '@rapport/sim';
import { describe, expect, it } from 'vitest';

// A learner must have no way to the preference score: neither through the objects that it is given, nor through what
// they return, nor through the code of the packages that learn.

const preferenceTasks = environments()
  .map((spec) => spec.id)
  .filter((id) => id.startsWith('xmagical/'));
const privilegedNames = /privileged|scene|poses|score|success|restore|memory|world/i;

/** Every object and function that can be reached from a value by reading properties, with the path to it. */
function reachable(root: unknown): Map<object, string> {
  const found = new Map<object, string>();
  const visit = (value: unknown, path: string) => {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null || found.has(value)) return;
    if (value === Object.prototype || value === Function.prototype) return;
    found.set(value, path);
    for (const key of Reflect.ownKeys(value)) {
      const descriptor = Reflect.getOwnPropertyDescriptor(value, key);
      if (descriptor !== undefined && 'value' in descriptor) visit(descriptor.value, `${path}.${String(key)}`);
    }
    visit(Object.getPrototypeOf(value), `${path}.[[prototype]]`);
  };
  visit(root, 'env');
  return found;
}

describe("a learner's view of an environment", () => {
  it.each(preferenceTasks)('has no path to the score: %s', async (id) => {
    const env = await makeEnv(id);
    const found = reachable(learnerView(env));
    expect(found.has(env)).toBe(false);
    expect(found.has(env.privileged)).toBe(false);
    const names = [...found.values()].filter((path) => privilegedNames.test(path.replace(/^env/, '')));
    expect(names).toEqual([]);
    // The walk does find the way when there is one.
    expect(reachable(env).has(env.privileged)).toBe(true);
  });

  it.each(preferenceTasks)('returns nothing that tells the score: %s', async (id) => {
    const env = await makeEnv(id);
    const view = learnerView(env);
    const [expert] = scriptedPolicies(id);
    const policy = scriptedPolicy(id, expert!.name);
    policy.reset(1);
    let { observation, info } = view.reset({ seed: 1 });
    expect(info).toEqual({});
    const size = observation.length;
    const gaps = new Float64Array(size);
    const scores = new Set<number>();
    for (let truncated = false; !truncated; ) {
      const result = view.step(await policy.act(observation));
      expect(Object.keys(result).sort()).toEqual(['info', 'observation', 'reward', 'terminated', 'truncated']);
      expect(result.info).toEqual({});
      ({ observation, truncated } = result);
      const score = env.privileged.stepScore();
      scores.add(score);
      observation.forEach((value, index) => {
        gaps[index] = Math.max(gaps[index]!, Math.abs(value - score));
      });
    }
    expect(scores.size).toBeGreaterThan(5);
    expect(Math.min(...gaps)).toBeGreaterThan(0.1);
  });

  it('gives a recorded episode to learners without its privileged half', async () => {
    const id = 'xmagical/avoid-longstick';
    const { episode } = await recordEpisode(await makeEnv(id), scriptedPolicy(id, 'careless'), {
      seed: 0,
      cameras: [],
    });
    const names = [...reachable(episode).values()].filter((path) => privilegedNames.test(path.replace(/^env/, '')));
    expect(names).toEqual([]);
  });
});

describe('the sources of what learns', () => {
  const packages = fileURLToPath(new URL('../packages', import.meta.url));
  const privileged =
    /\bprivileged\b|PrivilegedEnv|PrivilegedTrack|RecordedEpisode|\.stepScore\(|episodeScore|writePoses|\.scene\(/;
  const learning = ['policy/src/sac', 'policy/src/replay', 'reward/src/rapl', 'reward/src/rlhf', 'reward/src/training'];

  it.each(learning)('do not name the privileged side: %s', (folder) => {
    const files = readdirSync(join(packages, folder), { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.ts') && !file.endsWith('.test.ts'),
    );
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) {
      const code = withoutComments(readFileSync(join(packages, folder, file), 'utf8'));
      expect(code, `${folder}/${file}`).not.toMatch(privileged);
      expect(code, `${folder}/${file}`).not.toMatch(/from '@rapport\/sim/);
    }
  });

  it('would be caught if they did', () => {
    const evaluation = join(packages, 'policy/src/evaluation/evaluate.ts');
    expect(withoutComments(readFileSync(evaluation, 'utf8'))).toMatch(privileged);
  });
});

function withoutComments(code: string): string {
  return code.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*$/gm, '');
}
