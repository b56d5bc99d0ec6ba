import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { CorruptDataError, InputError } from '@rapport/core';
import { writeDurably } from '../durable.js';
import { recordsUpTo, scalarsRecord, versionRecord } from './tensorboard.js';

/** Writes the numbers of a run as they come, for `WorkOptions.onMetrics`. */
export interface MetricsWriter {
  /**
   * Writes one record. In the JSON lines, numbers that JSON lacks are the texts `NaN`, `Infinity` and `-Infinity`.
   * @param step steps must not go down
   * @param metrics names are `group/name`
   */
  write(step: number, metrics: Readonly<Record<string, number>>): void;
  /** Makes what was written durable and closes the files. */
  close(): void;
}

/**
 * Opens `metrics.jsonl` (one object a line: `step` and the metrics) and a TensorBoard event file in a run folder.
 * @param resumedStep when a run goes on from a checkpoint: records of later steps are dropped, so that the files end as
 *   those of a run that never stopped; undefined for a new run
 * @param nowMs milliseconds since 1970, for the wall times in the event file
 * @throws InputError when a new run finds metrics, CorruptDataError when a line or record to keep is damaged
 */
export async function openMetrics(
  directory: string,
  resumedStep?: number,
  nowMs: () => number = Date.now,
): Promise<MetricsWriter> {
  const linesPath = join(directory, 'metrics.jsonl');
  const earlier = await readFile(linesPath, 'utf8').catch(() => undefined);
  if (earlier !== undefined) {
    if (resumedStep === undefined) {
      throw new InputError(`${linesPath} is there already`, { fix: 'resume the run, or start one in a new folder' });
    }
    await writeDurably(linesPath, linesUpTo(earlier, resumedStep, linesPath));
  }
  const eventsPath = await prepareEvents(directory, resumedStep, nowMs);
  const lines = openSync(linesPath, 'a');
  const events = openSync(eventsPath, 'a');
  let lastStep = resumedStep ?? 0;
  return {
    write: (step, metrics) => {
      if (!Number.isInteger(step) || step < lastStep) {
        throw new InputError(`metrics of step ${step} came after those of step ${lastStep}`);
      }
      if ('step' in metrics) throw new InputError('a metric cannot be named "step"');
      lastStep = step;
      writeSync(lines, `${JSON.stringify({ step, ...metrics }, (_key, value) => withoutGaps(value))}\n`);
      writeSync(events, scalarsRecord(nowMs() / 1000, step, metrics));
    },
    close: () => {
      for (const file of [lines, events]) {
        fsyncSync(file);
        closeSync(file);
      }
    },
  };
}

function withoutGaps(value: unknown): unknown {
  return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
}

/** The lines up to `step`; a last line without its end was cut off by a crash and is left out. */
function linesUpTo(text: string, step: number, label: string): string {
  const lines = text.split('\n').slice(0, -1);
  const kept = lines.filter((line, index) => {
    try {
      return (JSON.parse(line) as { step: number }).step <= step;
    } catch (cause) {
      throw new CorruptDataError(`${label} line ${index + 1} is not JSON`, { cause });
    }
  });
  return kept.map((line) => `${line}\n`).join('');
}

async function prepareEvents(directory: string, resumedStep: number | undefined, nowMs: () => number): Promise<string> {
  const found = (await readdir(directory)).find((file) => file.startsWith('events.out.tfevents.'));
  if (found !== undefined && resumedStep !== undefined) {
    const path = join(directory, found);
    await writeDurably(path, Buffer.concat(recordsUpTo(await readFile(path), resumedStep, path)));
    return path;
  }
  const seconds = nowMs() / 1000;
  const path = join(directory, `events.out.tfevents.${Math.floor(seconds)}.${hostname()}.${process.pid}.0`);
  await writeDurably(path, versionRecord(seconds));
  return path;
}
