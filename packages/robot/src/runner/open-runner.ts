import type { StopSignal } from '@rapport/core';
import { handlersOf, type LifecycleRosNode, openLifecycleNode } from '../graph/lifecycle-node.js';
import { readLimits } from '../safety/index.js';
import type { StepListener } from './control-loop.js';
import type { PolicySource } from './policy-messages.js';
import { PolicyProcess } from './policy-process.js';
import { Runner, type RunnerParts } from './runner.js';
import { taskOf } from './runner-setup.js';

/** What is run, and how. */
export interface RunnerOptions {
  readonly policy: PolicySource;
  /** Environment whose observations and actions the policy knows; by default the one that it was trained in. */
  readonly envId?: string;
  /** A limits file, or `panda` or `fr3` for those that ship. */
  readonly limits: string;
  /** The arm moves only while the operator keeps signing, see `Runner.operatorSigns`. */
  readonly operatorKey?: boolean;
  /** `--ros-args` and what follows it. */
  readonly rosArguments?: readonly string[];
  /** Whether it goes to the state `active` by itself, when the graph offers what it needs. */
  readonly autostart?: boolean;
  /** Seconds to wait for the graph when it starts by itself. */
  readonly patience?: number;
  readonly signal?: StopSignal;
  /** Told what the policy observes and does. */
  readonly steps?: StepListener;
}

/**
 * Opens the lifecycle node `runner`: a policy that acts on an arm through a safety envelope.
 * @throws InputError when the limits file, the policy or its environment do not fit; UnavailableError when ROS 2 has not been
 *   set up, or the graph does not offer what the policy needs
 */
export async function openRunner(options: RunnerOptions): Promise<Runner> {
  const limits = await readLimits(options.limits);
  let runner: Runner | undefined;
  const policy = await PolicyProcess.open(options.policy, {
    onChunk: (id, actions) => runner?.offerChunk(id, actions),
    onFailed: (id, message) => runner?.chunkFailed(id, message),
    onExit: (reason) => runner?.policyEnded(reason),
  });
  try {
    const task = taskOf(policy.description, options.envId);
    const node = await openLifecycleNode(
      { name: 'runner', ...(options.rosArguments !== undefined && { arguments: options.rosArguments }) },
      () => handlersOf(() => runner),
    );
    const { operatorKey = false, steps } = options;
    runner = makeRunner(node, { policy, task, limits, operatorKey, steps });
    if (options.autostart !== false) {
      await runner.prepare(options.patience ?? 10, options.signal);
      runner.begin();
    }
    return runner;
  } catch (error) {
    await runner?.close();
    policy.close();
    throw error;
  }
}

/** @throws InputError when a parameter has a value that it cannot have; the node is closed then */
function makeRunner(node: LifecycleRosNode, parts: RunnerParts): Runner {
  try {
    return new Runner(node, parts);
  } catch (error) {
    node.close();
    throw error;
  }
}
