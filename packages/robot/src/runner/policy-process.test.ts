import { scriptedPolicy } from '@rapport/sim';
import { describe, expect, it } from 'vitest';
import { PolicyProcess } from './policy-process.js';

describe('policy process', () => {
  it('gives the actions that the policy gives in this process, and tells when it is gone', async () => {
    const chunks: Float32Array[] = [];
    let told: (reason: string) => void = () => {};
    const gone = new Promise<string>((resolve) => {
      told = resolve;
    });
    let answered: () => void = () => {};
    const source = { kind: 'scripted', envId: 'franka/reach', name: 'mixed' } as const;
    const policy = await PolicyProcess.open(source, {
      onChunk: (_, actions) => {
        chunks.push(...actions);
        answered();
      },
      onFailed: (_, message) => expect.fail(message),
      onExit: (reason) => told(reason),
    });
    expect(policy.description).toMatchObject({
      envId: 'franka/reach',
      chunk: { historySteps: 1, executed: 1, steps: 1 },
    });
    const here = scriptedPolicy('franka/reach', 'mixed');
    here.reset(5);
    policy.reset(5);
    const observation = Float32Array.from({ length: 37 }, (_, index) => 0.01 * index);
    const wanted: Float32Array[] = [];
    for (let id = 0; id < 3; id++) {
      const next = new Promise<void>((resolve) => {
        answered = resolve;
      });
      policy.sample({ id, history: [{ observation, pictures: [] }] });
      wanted.push(await here.act(observation));
      await next;
    }
    expect(chunks).toEqual(wanted);
    process.kill(policy.processId, 'SIGKILL');
    expect(await gone).toBe('SIGKILL');
    policy.sample({ id: 9, history: [{ observation, pictures: [] }] });
    policy.close();
  });

  it('refuses what cannot be opened with the words that this process would have', async () => {
    const events = { onChunk: () => {}, onFailed: () => {}, onExit: () => {} };
    const source = { kind: 'scripted', envId: 'franka/cup', name: 'by-spout' } as const;
    await expect(PolicyProcess.open(source, events)).rejects.toThrow('franka/cup has no scripted policy "by-spout"');
  });
});
