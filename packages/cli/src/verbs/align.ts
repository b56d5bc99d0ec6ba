import type { CollisionThresholds } from '@rapport/sim';
import { resumable, startRun } from '../run-folder.js';
import { defineVerb } from '../verb.js';

export default defineVerb({
  name: 'align',
  summary: 'align a diffusion policy with preferences about its rollouts',
  description:
    'Changes how a diffusion policy does its task to what is preferred, by preference optimisation of its denoiser. ' +
    'Preferences are rankings of its rollouts: those in the ledger (--dataset), those of an annotator now (--annotator, ' +
    'a person as rollouts arrive), or those of a reward (--reward), which cost no labels. With --method rapl or rlhf ' +
    'rewards are learned from the rankings, on the recorded pictures, and rank all rollouts. Without --dataset the ' +
    'policy is first rolled out several times from each of a number of starts. A policy that leaves the data during ' +
    'alignment is taken back to where it was on it. Fine-tuning on winners is always run beside the objective, and both ' +
    'are judged with the reference on the same held-out starts. The reference stays as it is. A resumed run ends with ' +
    'the same bytes as one that never stopped.',
  examples: [
    'rapport align outputs/train-policy/2026-05-04/10-30-00_franka-cup-diffusion --annotator human',
    'rapport align POLICY --annotator human --method rapl --rollouts 480 --queries 50',
    'rapport align POLICY --dataset outputs/rollout/2026-05-04/11-30-00_franka-cup --demonstrations DIR',
    'rapport align POLICY --reward outputs/train-reward/2026-05-04/12-30-00_rapl --rollouts 240',
    'rapport align POLICY --annotator simulated --alignment.objective=kto --save aligned',
  ],
  positionals: ['policy'],
  heeds: ['seed', 'output', 'resume'],
  options: async () => (await import('../alignment/options.js')).alignOptionsSchema,
  async run(context, options) {
    const [{ openSources }, { simulatedGround }, { runAlign }, { alignOutcome }] = await Promise.all([
      import('../alignment/sources.js'),
      import('../alignment/ground.js'),
      import('../alignment/pipeline.js'),
      import('../alignment/outcome.js'),
    ]);
    // Before a folder is made: what cannot be aligned leaves nothing behind.
    const sources = await openSources(options, context.resume !== undefined);
    const contact = await contactOf(sources.spec.id, options.contactLimits);
    const run = await startRun(context, `${sources.spec.id}-${options.alignment.objective}`);
    context.log(`aligning in ${run.directory}`);
    try {
      const { report, page } = await runAlign(sources, options, simulatedGround(sources.spec, contact), run, context);
      return alignOutcome(options.policy, run.directory, report, page);
    } catch (error) {
      throw resumable(error, context, run.directory);
    }
  },
});

/** @throws InputError when the limits file is wrong, or the environment has no arm */
async function contactOf(envId: string, limits: string | undefined): Promise<CollisionThresholds | undefined> {
  if (limits === undefined) return undefined;
  const [{ contactThresholds, readLimits }, { makeEnv }] = await Promise.all([
    import('@rapport/robot'),
    import('@rapport/sim'),
  ]);
  const contact = contactThresholds(await readLimits(limits));
  (await makeEnv(envId, { contact })).close();
  return contact;
}
