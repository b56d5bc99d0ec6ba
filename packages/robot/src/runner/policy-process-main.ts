// The process that plans: it opens one policy and samples chunks from it, so that a policy that computes for long, or dies,
// does not keep commands from being sent.
import { type Policy, RapportError } from '@rapport/core';
import { type ChunkShape, isChunkPolicy, type ObservedStep, openPolicy } from '@rapport/policy';
import { scriptedPolicy } from '@rapport/sim';
import type { PolicyReply, PolicyRequest, PolicySource } from './policy-messages.js';

interface Planner {
  readonly policy: Policy;
  readonly envId: string | undefined;
  readonly chunk: ChunkShape;
  readonly sample: (history: readonly ObservedStep[]) => Promise<readonly Float32Array[]>;
}

let planner: Planner | undefined;

// One request after the other: policies keep state.
let work = Promise.resolve();
process.on('message', (request: PolicyRequest) => {
  work = work.then(() => answer(request));
});
process.on('disconnect', () => process.exit(0));
// Ctrl+C reaches every process of a terminal; this one ends when the one that commands does.
process.on('SIGINT', () => {});

async function answer(request: PolicyRequest): Promise<void> {
  switch (request.kind) {
    case 'open':
      try {
        planner = await open(request.source);
        const { policy, envId, chunk } = planner;
        const { name, signature } = policy;
        reply({ kind: 'opened', description: { name, envId, signature, chunk } });
      } catch (error) {
        const { name, message } = error as Error;
        reply({
          kind: 'refused',
          errorName: name,
          message,
          fix: error instanceof RapportError ? error.fix : undefined,
        });
      }
      return;
    case 'reset':
      planner?.policy.reset(request.seed);
      return;
    case 'sample':
      try {
        reply({ kind: 'chunk', id: request.id, actions: await planner!.sample(request.history) });
      } catch (error) {
        reply({ kind: 'failed', id: request.id, message: (error as Error).message });
      }
      return;
  }
}

async function open(source: PolicySource): Promise<Planner> {
  const { policy, envId } =
    source.kind === 'folder'
      ? await openPolicy(source.directory)
      : { policy: scriptedPolicy(source.envId, source.name), envId: source.envId };
  if (isChunkPolicy(policy)) {
    return { policy, envId, chunk: policy.chunk, sample: (history) => policy.sampleChunk(history) };
  }
  const sample = async (history: readonly ObservedStep[]) => {
    const { observation, pictures } = history.at(-1)!;
    return [await policy.act(observation, pictures)];
  };
  return { policy, envId, chunk: { historySteps: 1, executed: 1, steps: 1 }, sample };
}

function reply(message: PolicyReply): void {
  if (process.connected) process.send!(message);
}
