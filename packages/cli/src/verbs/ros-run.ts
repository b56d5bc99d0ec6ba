import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '@rapport/core';
import type { PolicySource, Runner } from '@rapport/robot';
import { z } from 'zod';
import { policyFolder } from '../learning/policy-folder.js';
import { watchHeldKey } from '../system/held-key.js';
import { defineVerb } from '../verb.js';

/** The longest time that a timer knows, about 24 days. */
const LONGEST_SECONDS = 2_147_483;

export default defineVerb({
  name: 'ros run',
  node: true,
  summary: 'run a policy on an arm over ROS 2, through a safety envelope, as a ROS 2 node',
  description:
    'Opens the lifecycle node "runner": it builds the policy\'s observations from topics, plans chunks of actions ahead of ' +
    'need in a process of its own, and sends an arm setpoints that keep to the limits file, whatever the policy wants. ' +
    "When an observation, the policy, the operator's sign or the clock is lost, the arm comes to rest and is held. The " +
    'same command runs against `rapport ros sim` and against a real arm: see docs/ros-run.md. What stands after --ros-args ' +
    "is ROS 2's. Runs until Ctrl+C, which brings the arm to rest first.",
  examples: [
    'rapport ros run outputs/train-policy/... --limits panda --ros-args -p use_sim_time:=true',
    'rapport ros run scripted/by-handle --env franka/cup --limits panda --ros-args -p use_sim_time:=true',
    'rapport ros run outputs/align/... --limits my-cell.yaml --holdToRun key --ros-args -r __ns:=/left',
  ],
  positionals: ['policy'],
  heeds: [],
  options: () =>
    z.object({
      policy: z
        .string()
        .min(1)
        .describe('folder of the policy, or of the run that trained it; or scripted/NAME, with --env'),
      limits: z
        .string()
        .min(1)
        .describe('limits file of the safety envelope, or one that ships: panda, fr3, panda-full, fr3-full'),
      env: z
        .string()
        .min(1)
        .optional()
        .describe('environment that the policy knows; by default the one it was trained in'),
      holdToRun: z
        .enum(['none', 'key'])
        .default('none')
        .describe('with key, the arm moves only while the space bar is held in this terminal'),
      autostart: z
        .boolean()
        .default(true)
        .describe('go to the state "active" when the graph is there; otherwise a lifecycle manager does it'),
      patience: z.number().min(0).max(600).default(10).describe('seconds to wait for the graph when starting'),
      seconds: z.number().positive().optional().describe('end after so many seconds; by default at Ctrl+C'),
    }),
  async run(context, options) {
    const { openRunner } = await import('@rapport/robot');
    let signed: () => void = () => {};
    const key = options.holdToRun === 'key' ? watchHeldKey(process.stdin, () => signed()) : undefined;
    let runner: Runner | undefined;
    try {
      runner = await openRunner({
        policy: policySource(options.policy, options.env),
        ...(options.env !== undefined && { envId: options.env }),
        limits: options.limits,
        operatorKey: options.holdToRun === 'key',
        rosArguments: context.rosArguments,
        autostart: options.autostart,
        patience: options.patience,
        signal: context.signal,
      });
      const { node } = runner;
      signed = () => runner?.operatorSigns();
      context.announce(`${node.name} runs ${options.policy} and is ${node.state}`);
      await end(context.signal, options.seconds, runner.failed);
    } finally {
      key?.close();
      await runner?.close();
    }
    const { counts, ...report } = runner.report;
    return {
      data: {
        node: runner.node.name,
        ...report,
        commandIntervals: runner.commandIntervals,
        counts: Object.fromEntries(counts),
      },
      text: `the arm rests after ${report.steps} control steps, and the runner has left the graph`,
    };
  },
});

/** Waits for Ctrl+C, for a time to pass, or for the policy to fail, which it throws. */
async function end(signal: AbortSignal, seconds: number | undefined, failed: Promise<Error>): Promise<void> {
  const over = new AbortController();
  const stop = AbortSignal.any([signal, over.signal]);
  const time = sleep(1000 * (seconds ?? LONGEST_SECONDS), undefined, { signal: stop }).catch(() => undefined);
  try {
    const failure = await Promise.race([failed, time]);
    if (failure !== undefined) throw failure;
  } finally {
    over.abort();
  }
}

/**
 * A trained policy's folder, or `scripted/NAME`.
 * @throws InputError when a scripted policy comes without its environment
 */
function policySource(policy: string, env: string | undefined): PolicySource {
  const scripted = /^scripted\/(.+)$/.exec(policy)?.[1];
  if (scripted === undefined) return { kind: 'folder', directory: policyFolder(policy) };
  if (env === undefined) {
    throw new InputError(`${policy} is a policy of an environment; which one is not said`, {
      fix: 'name it with --env',
    });
  }
  return { kind: 'scripted', envId: env, name: scripted };
}
