import type { DiagnosticStatus, Outgoing } from '../graph/messages.js';
import { describeEvent } from '../safety/index.js';
import type { LoopReport } from './control-loop.js';

/** What the node adds to what the loop tells. */
export interface NodeReport {
  /** What is wrong with the last message of a topic, by topic. */
  readonly problems: ReadonlyMap<string, string>;
  readonly policyFailure: string | undefined;
  /** Wall time between two commands, seconds. */
  readonly intervals: { readonly p50: number; readonly p99: number };
  readonly commanding: boolean;
}

/** How a runner does, as diagnostics for people and as numbers. */
export interface RunnerReport {
  readonly diagnostics: readonly Outgoing<DiagnosticStatus>[];
  readonly statistics: { readonly names: readonly string[]; readonly values: readonly number[] };
}

/** @param name of the node */
export function runnerReport(name: string, loop: LoopReport, node: NodeReport): RunnerReport {
  const { inference, observationAge, reaction } = loop;
  const { intervals } = node;
  const numbers: Record<string, number> = {
    steps: loop.steps,
    missed_steps: loop.missedSteps,
    chunks: loop.chunks,
    inference_p50: inference.p50,
    inference_p99: inference.p99,
    observation_age_p50: observationAge.p50,
    observation_age_p99: observationAge.p99,
    reaction_p50: reaction.p50,
    reaction_p99: reaction.p99,
    command_interval_p50: intervals.p50,
    command_interval_p99: intervals.p99,
  };
  for (const [limit, count] of loop.counts) numbers[`count_${limit}`] = count;
  return {
    diagnostics: [policyStatus(name, loop, node, numbers), inputStatus(name, node.problems)],
    statistics: { names: Object.keys(numbers), values: Object.values(numbers) },
  };
}

function policyStatus(
  name: string,
  { mode, stop, missedSteps }: LoopReport,
  { policyFailure, commanding }: NodeReport,
  numbers: Readonly<Record<string, number>>,
): Outgoing<DiagnosticStatus> {
  const held = commanding && stop !== undefined ? describeEvent(stop) : undefined;
  const missed = missedSteps > 0 ? `; ${missedSteps} control steps had no action` : '';
  return {
    level: policyFailure !== undefined || held !== undefined ? 2 : missedSteps > 0 || mode === 'waiting' ? 1 : 0,
    name: `${name}: policy`,
    message: policyFailure ?? held ?? (commanding ? `${mode}${missed}` : 'sends no commands'),
    values: Object.entries(numbers).map(([key, value]) => ({ key, value: String(Number(value.toPrecision(5))) })),
  };
}

function inputStatus(name: string, problems: NodeReport['problems']): Outgoing<DiagnosticStatus> {
  const [first] = problems;
  return {
    level: first === undefined ? 0 : 2,
    name: `${name}: inputs`,
    message: first === undefined ? 'fine' : `${first[0]}: ${first[1]}`,
    values: [...problems].map(([key, value]) => ({ key, value })),
  };
}
