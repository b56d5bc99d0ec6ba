import { nearestName } from '@rapport/core';
import { UsageError } from '../config/usage-error.js';
import type { Verb } from '../verb.js';

/** Every command, in the order that help lists them. A command's own file is loaded when it is needed. */
const loaders: Readonly<Record<string, () => Promise<{ readonly default: Verb }>>> = {
  demo: () => import('./demo.js'),
  envs: () => import('./envs.js'),
  'gym-bridge': () => import('./gym-bridge.js'),
  play: () => import('./play.js'),
  rollout: () => import('./rollout.js'),
  rank: () => import('./rank.js'),
  'feedback export': () => import('./feedback-export.js'),
  convert: () => import('./convert.js'),
  validate: () => import('./validate.js'),
  repair: () => import('./repair.js'),
  'train reward': () => import('./train-reward.js'),
  'train policy': () => import('./train-policy.js'),
  'policy import': () => import('./policy-import.js'),
  'policy export': () => import('./policy-export.js'),
  align: () => import('./align.js'),
  'policy diff': () => import('./policy-diff.js'),
  eval: () => import('./eval.js'),
  'models list': () => import('./models-list.js'),
  'models get': () => import('./models-get.js'),
  'experiment align': () => import('./experiment-align.js'),
  'ros setup': () => import('./ros-setup.js'),
  'ros sim': () => import('./ros-sim.js'),
  'ros run': () => import('./ros-run.js'),
  'ros record': () => import('./ros-record.js'),
  'ros reward': () => import('./ros-reward.js'),
  'ros align': () => import('./ros-align.js'),
  conformance: () => import('./conformance.js'),
  bench: () => import('./bench.js'),
  doctor: () => import('./doctor.js'),
  test: () => import('./test.js'),
  'config show': () => import('./config-show.js'),
  help: () => import('./help.js'),
};

export const verbNames: readonly string[] = Object.keys(loaders);

export async function loadVerb(name: string): Promise<Verb> {
  return (await loaders[name]!()).default;
}

/**
 * Finds the command that the first words name, longest name first.
 * @returns the command's name and the words after it
 * @throws UsageError naming the nearest command
 */
export function findVerb(words: readonly string[]): { name: string; rest: string[] } {
  for (const length of [2, 1]) {
    const name = words.slice(0, length).join(' ');
    if (name in loaders) return { name, rest: words.slice(length) };
  }
  throw unknownVerb(words);
}

function unknownVerb(words: readonly string[]): UsageError {
  const first = words[0]!;
  if (first.startsWith('-')) {
    const near = nearestName(first, ['--json', '--quiet', '--debug', '--config', '--help', '--version']);
    return new UsageError(
      `unknown option "${first}" before a command${near === undefined ? '' : `; did you mean "${near}"?`}`,
      {
        fix: 'options of a command come after its name',
      },
    );
  }
  const family = verbNames.filter((name) => name.startsWith(`${first} `));
  if (family.length > 0) {
    const given = words[1] === undefined ? `"${first}" alone is no command` : `unknown command "${first} ${words[1]}"`;
    return new UsageError(given, { fix: `use one of: ${family.join(', ')}` });
  }
  const nearest = nearestName(words.slice(0, 2).join(' '), verbNames) ?? nearestName(first, verbNames);
  return new UsageError(`unknown command "${first}"${nearest === undefined ? '' : `; did you mean "${nearest}"?`}`, {
    fix: 'rapport help lists the commands',
  });
}
