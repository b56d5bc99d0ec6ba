import { join } from 'node:path';
import { CorruptDataError, type StopSignal, UnavailableError } from '@rapport/core';
import { z } from 'zod';
import { rosEnvironment } from './environment.js';
import type { Installation } from './installation.js';
import { runProgram } from './run-program.js';

const reportSchema = z.object({ roundTripMs: z.number() });

/**
 * Sends a hundred messages to another process and back, through two topics.
 * @returns the median time of a round trip, ms
 * @throws UnavailableError when no message comes back
 */
export async function selfTest(
  installation: Installation,
  signal: StopSignal | undefined,
): Promise<z.infer<typeof reportSchema>> {
  const folder = import.meta.dirname.replace(/([\\/])src([\\/]setup)$/, '$1dist$2');
  const main = join(folder, 'self-test-main.js');
  // A domain of its own keeps the test clear of other nodes on this machine.
  const environment = { ...rosEnvironment(installation), ROS_DOMAIN_ID: String(100 + (process.pid % 100)) };
  const output = await runProgram('self-test', process.execPath, [main], { environment, signal });
  const report = reportSchema.safeParse(JSON.parse(output.trim().split('\n').at(-1) ?? '{}'));
  if (!report.success) throw new CorruptDataError('the self-test of ROS 2 ended without a result');
  return report.data;
}

/** Median, for the process of the self-test. */
export function medianRoundTrip(times: readonly number[]): number {
  if (times.length === 0) throw new UnavailableError('no message came back');
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)]!;
}
