import type { Progress } from '@rapport/core';
import { Presets, SingleBar } from 'cli-progress';

/** Seconds between plain lines of one piece of work. */
const PLAIN_INTERVAL_SECONDS = 5;

/** News on standard error: lines and progress, which do not overwrite each other. */
export interface Reporter {
  /** Silent when quiet. */
  log(line: string): void;
  /** Never silent. */
  announce(line: string): void;
  progress(progress: Progress): void;
  /** Ends an open bar. */
  close(): void;
}

interface ErrorStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/** A bar with the remaining time on a terminal, plain lines now and then elsewhere, nothing when quiet. */
export function createReporter(stream: ErrorStream & NodeJS.WritableStream, quiet: boolean): Reporter {
  if (quiet) {
    const announce = (line: string) => void stream.write(`${line}\n`);
    return { log: () => {}, announce, progress: () => {}, close: () => {} };
  }
  return stream.isTTY === true ? barReporter(stream) : plainReporter(stream, () => performance.now() / 1000);
}

function barReporter(stream: NodeJS.WritableStream): Reporter {
  let bar: SingleBar | undefined;
  let label = '';
  const time = new RemainingTime();
  const close = () => {
    bar?.stop();
    bar = undefined;
  };
  const write = (line: string) => {
    close();
    stream.write(`${line}\n`);
  };
  return {
    log: write,
    announce: write,
    progress(progress) {
      if (bar === undefined || progress.label !== label) {
        close();
        label = progress.label;
        bar = new SingleBar(
          { stream, format: '{label} {bar} {value}/{total}  {remaining}{numbers}', etaBuffer: 50 },
          Presets.shades_classic,
        );
        bar.start(progress.total, 0, { label, remaining: '', numbers: '' });
      }
      bar.setTotal(progress.total);
      bar.update(progress.done, {
        remaining: time.describe(progress.done, progress.total, performance.now() / 1000),
        numbers: describeValues(progress.values),
      });
      if (progress.done >= progress.total) close();
    },
    close,
  };
}

/** @param now seconds, from any origin */
export function plainReporter(stream: ErrorStream, now: () => number): Reporter {
  let label = '';
  const time = new RemainingTime();
  let printedAt = Number.NEGATIVE_INFINITY;
  const write = (line: string) => void stream.write(`${line}\n`);
  return {
    log: write,
    announce: write,
    progress({ label: newLabel, done, total, values }) {
      if (newLabel !== label) {
        label = newLabel;
        printedAt = Number.NEGATIVE_INFINITY;
      }
      const remaining = time.describe(done, total, now());
      if (now() - printedAt < PLAIN_INTERVAL_SECONDS && done < total) return;
      printedAt = now();
      stream.write(`${label} ${done}/${total}${remaining === '' ? '' : `, ${remaining}`}${describeValues(values)}\n`);
    },
    close: () => {},
  };
}

/**
 * The time that is left when the work goes on as fast as it did. It is told apart from what was there at the first look,
 * which an earlier run may have done, and goes on across labels while the total stays and the count grows.
 */
export class RemainingTime {
  #total: number | undefined;
  #first = { done: 0, at: 0 };
  #done = 0;

  /** @param now seconds, from any origin @returns for example `2 min 5 s left`; empty while it is not known */
  describe(done: number, total: number, now: number): string {
    if (total !== this.#total || done < this.#done) this.#first = { done, at: now };
    this.#total = total;
    this.#done = done;
    const since = done - this.#first.done;
    if (since <= 0 || done >= total) return '';
    return `${formatDuration(((now - this.#first.at) / since) * (total - done))} left`;
  }
}

/** Seconds in words: `12 s`, `3 min 4 s`, `2 h 5 min`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

function describeValues(values: Progress['values']): string {
  const parts = Object.entries(values ?? {}).map(([name, value]) => `${name} ${formatNumber(value)}`);
  return parts.length === 0 ? '' : `  ${parts.join('  ')}`;
}

function formatNumber(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}
