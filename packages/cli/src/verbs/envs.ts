import { z } from 'zod';
import { formatTable } from '../output/table.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'envs',
  summary: 'list the environments, and with a name what one observes, does and can be driven by',
  description:
    'Lists every environment that rollout, train and eval take. With an id it prints the entries of its observation ' +
    'and action with their bounds, its cameras, and its scripted policies.',
  examples: ['rapport envs', 'rapport envs xmagical/avoid-longstick'],
  positionals: ['env'],
  heeds: [],
  options: () => z.object({ env: z.string().optional().describe('id of one environment to describe') }),
  async run(_context, { env: id }) {
    const { environments, makeEnv, scriptedPolicies } = await import('@rapport/sim');
    if (id === undefined) {
      const list = environments().map(({ id, summary }) => ({ id, summary }));
      return { data: { environments: list }, text: formatTable(['id', 'summary'], list.map(Object.values)) };
    }
    const env = await makeEnv(id);
    const policies = scriptedPolicies(id).map(({ name, summary }) => ({ name, summary }));
    const { spec } = env;
    env.close();
    const rows = [
      ...spec.observationSpace.entries.map((entry) => ['observation', entry.name, `${entry.low}`, `${entry.high}`]),
      ...spec.actionSpace.entries.map((entry) => ['action', entry.name, `${entry.low}`, `${entry.high}`]),
    ];
    return {
      data: { ...spec, policies },
      text: [
        `${spec.id}: ${spec.summary}`,
        `${spec.controlHz} steps a second, at most ${spec.maxEpisodeSteps} steps; cameras: ${spec.cameras.join(', ')}`,
        '',
        formatTable(['space', 'entry', 'low', 'high'], rows),
        '',
        formatTable(['policy', 'does'], policies.map(Object.values)),
      ].join('\n'),
    };
  },
});
