import { type StopSignal, UnavailableError, type WantedRollout } from '@rapport/core';
import type { SuccessOrMessage } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';
import type { ServiceClient } from '../graph/services.js';
import { waitUntil } from '../graph/wait.js';

/** Brings the scene to the start of a rollout, with the arm at rest; comes when that is done. */
export type SceneReset = (wanted: WantedRollout, signal: StopSignal | undefined) => Promise<void>;

/** How long an answer may take, ms, and how often a service is asked before it counts as silent. */
const ANSWER_MS = 5000;
const ATTEMPTS = 3;

/** Services that reset the scene, relative to the namespace: those of the simulator, or of a cell that has the like. */
const services = { reset: 'simulator/reset', setSeed: 'simulator/set_seed' } as const;

/**
 * Finds who brings the scene to a start: the service `simulator/reset`, after `simulator/set_seed` where that is offered too,
 * or else an operator.
 * @param operator asks somebody; undefined when nobody is there
 * @param patience seconds to wait for the service
 * @throws UnavailableError when there is neither
 */
export async function findSceneReset(
  node: RosNode,
  operator: SceneReset | undefined,
  patience: number,
  signal: StopSignal | undefined,
): Promise<SceneReset> {
  const reset = node.client<object, SuccessOrMessage>('std_srvs/srv/Trigger', services.reset);
  const setSeed = node.client<{ readonly seed: bigint }, SuccessOrMessage>(
    'rapport_msgs/srv/SetSeed',
    services.setSeed,
  );
  if (await waitUntil(() => reset.available, 1000 * patience, signal)) {
    return async ({ seed }, stop) => {
      if (setSeed.available) await ask(setSeed, { seed: BigInt(seed) }, stop);
      await ask(reset, {}, stop);
    };
  }
  if (operator !== undefined) return operator;
  throw new UnavailableError(
    `no node offers the service ${reset.name} (std_srvs/srv/Trigger), and there is no terminal to ask an operator at`,
    {
      fix: `start the simulator, name the service that the cell has: -r ${services.reset}:=/its/reset, or run in a terminal`,
    },
  );
}

/** Asks again when no answer comes: what is asked may be done twice. */
async function ask<Request extends object>(
  client: ServiceClient<Request, SuccessOrMessage>,
  request: Request,
  signal: StopSignal | undefined,
): Promise<void> {
  const { success, message } = await answerOf(client, request, signal, ATTEMPTS);
  if (!success) throw new UnavailableError(`${client.name} refuses: ${message}`);
}

async function answerOf<Request extends object>(
  client: ServiceClient<Request, SuccessOrMessage>,
  request: Request,
  signal: StopSignal | undefined,
  attempts: number,
): Promise<SuccessOrMessage> {
  try {
    return await client.call(request, { timeoutMs: ANSWER_MS, ...(signal && { signal }) });
  } catch (error) {
    if (attempts === 1 || !(error instanceof UnavailableError)) throw error;
    return answerOf(client, request, signal, attempts - 1);
  }
}
