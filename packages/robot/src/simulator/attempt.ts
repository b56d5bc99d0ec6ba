import { RapportError } from '@rapport/core';
import type { SuccessOrError } from '../graph/messages.js';
import type { RosNode } from '../graph/node.js';

/** Does what a message asks for, or says in the node's log why not. */
export function explained(node: RosNode, what: string, work: () => void): void {
  const { success, error } = attempted(work);
  if (!success) node.error(`${what}: ${error}`);
}

/** Whether something that a person or another node asked for could be done, and if not why. */
export function attempted(work: () => void): SuccessOrError {
  try {
    work();
    return { success: true, error: '' };
  } catch (error) {
    if (!(error instanceof RapportError)) throw error;
    return { success: false, error: error.fix === undefined ? error.message : `${error.message}; ${error.fix}` };
  }
}
