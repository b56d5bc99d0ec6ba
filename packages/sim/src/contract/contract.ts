import { loadEntry } from '../registry.js';
import { determinismRules } from './determinism-rules.js';
import { episodeRules } from './episode-rules.js';
import { inputRules } from './input-rules.js';
import { pictureRules } from './picture-rules.js';
import type { Rule } from './rule.js';
import { specRules } from './spec-rules.js';
import { Subject } from './subject.js';
import { TwinProcess } from './twin-process.js';

const rules: readonly Rule[] = [...specRules, ...episodeRules, ...determinismRules, ...inputRules, ...pictureRules];

/** The promises that every environment makes, as sentences about it. */
export const contractRules: readonly string[] = ['is registered', ...rules.map(({ rule }) => rule)];

/** A rule that an environment breaks. */
export interface Breach {
  /** One of `contractRules`. */
  readonly rule: string;
  /** What was found. */
  readonly problem: string;
}

/**
 * Checks one environment against the contract: spaces, equal runs for equal seeds (also in another process), restored
 * states, pictures, time limits, refusals of what is wrong. A few episodes are run.
 * @param id of a registered environment, or `FILE:ID` (see `makeEnv`)
 * @param twin a second process to share between calls; one of its own when absent
 * @returns the rules that it breaks: none when all is well
 */
export async function checkContract(id: string, twin?: Pick<TwinProcess, 'digest'>): Promise<Breach[]> {
  let subject: Subject;
  try {
    subject = new Subject(await loadEntry(id));
  } catch (error) {
    return [{ rule: 'is registered', problem: messageOf(error) }];
  }
  const own = twin === undefined ? new TwinProcess() : undefined;
  const other = twin ?? own!;
  const breaches: Breach[] = [];
  try {
    for (const { rule, check } of rules) {
      const problem = await check(subject, other).catch(messageOf);
      if (problem !== undefined) breaches.push({ rule, problem });
      subject.closeAll();
    }
  } finally {
    own?.close();
  }
  return breaches;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}
