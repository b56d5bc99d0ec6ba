/**
 * Errors that a person reads. `message` is one line that names the thing (key, file, tensor, topic), what was found
 * and what was expected; `fix` says what to do next. The command line prints both, and a stack only with `--debug`.
 */
export class RapportError extends Error {
  /** What the person can do about it, as a sentence or a command; undefined when the message already says it. */
  readonly fix: string | undefined;

  constructor(message: string, options: { fix?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.fix = options.fix;
  }
}

/** What a caller or a user passed in is wrong: an unknown name, a wrong type, a value out of range, a wrong shape. */
export class InputError extends RapportError {}

/** A file or a message is damaged, truncated, of another format or of a newer version. */
export class CorruptDataError extends RapportError {}

/** Something that this command needs is not there: a program, a package, a network, a port, disk space. */
export class UnavailableError extends RapportError {}

/** The person or the caller stopped the work; what was finished is kept. */
export class InterruptedError extends RapportError {}

/** The part of `AbortSignal` that long work looks at; core knows neither Node nor the browser. */
export interface StopSignal {
  readonly aborted: boolean;
}

/** Throws an `InterruptedError` when the signal has fired; long loops call it once per unit of work. */
export function throwIfAborted(signal: StopSignal | undefined): void {
  if (signal?.aborted) throw new InterruptedError('interrupted');
}

/** The candidate nearest to `name` by edit distance, or undefined when none is near enough to be a likely typo. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(name.length / 2)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Levenshtein distance: insertions, deletions and substitutions cost 1 each. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const substitution = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(previous[column]! + 1, current[column - 1]! + 1, substitution));
    }
    previous = current;
  }
  return previous[b.length]!;
}
