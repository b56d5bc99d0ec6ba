import type { Subject } from './subject.js';
import type { TwinProcess } from './twin-process.js';

/** One promise of every environment. */
export interface Rule {
  /** The promise, as a sentence about the environment. */
  readonly rule: string;
  /** @returns how the environment breaks the rule, or undefined when it keeps it */
  check(subject: Subject, twin: Pick<TwinProcess, 'digest'>): Promise<string | undefined>;
}
