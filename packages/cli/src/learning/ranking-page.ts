import { InterruptedError } from '@rapport/core';
import { startViewer, type ViewerOptions } from '@rapport/viewer';

/** A page on which a person ranks rollouts, while a run waits for the answers. */
export interface RankingPage {
  /**
   * Waits for the last answer.
   * @throws InterruptedError when the run is stopped before; every answer given is in the ledger
   */
  answered(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Serves the viewer on this machine, and says where.
 * @param run what waits for the answers, as a noun: "alignment"
 */
export async function openRankingPage(
  asked: Pick<ViewerOptions, 'source' | 'ledger' | 'queries' | 'port' | 'random' | 'question' | 'onFeedback'>,
  run: string,
  { signal, announce }: { readonly signal: AbortSignal; readonly announce: (line: string) => void },
): Promise<RankingPage> {
  const viewer = await startViewer({
    ...asked,
    afterwards: `The ${run} goes on by itself; the terminal shows how far it is.`,
    onProblem: (error) => announce(`problem: ${error instanceof Error ? error.message : String(error)}`),
  });
  announce(`rank the rollouts at ${viewer.url}; the ${run} goes on after the last answer`);
  const stopped = new Promise<'stopped'>((resolve) => {
    if (signal.aborted) resolve('stopped');
    signal.addEventListener('abort', () => resolve('stopped'), { once: true });
  });
  return {
    async answered() {
      const ended = await Promise.race([viewer.finished, stopped]);
      if (ended === 'stopped') throw interruptedRanking();
    },
    close: () => viewer.close(),
  };
}

export function interruptedRanking(): InterruptedError {
  return new InterruptedError('stopped while rollouts were ranked; every answer is kept');
}
