import { basename, join } from 'node:path';
import type { WorkOptions } from '@rapport/core';
import { describeDamage } from '../mcap/damage.js';
import { topicDecoder } from '../rosbag2/decode.js';
import { METADATA_FILE } from '../rosbag2/metadata.js';
import { type BagLocation, locateBag } from '../rosbag2/open-bag.js';
import type { BagMessage } from '../rosbag2/read-bag.js';
import { type BagSurvey, surveyBag } from '../rosbag2/survey.js';

/** Something that is wrong with a bag. */
export interface BagProblem {
  readonly file: string;
  /** File, place in it, and what is wrong, in one line. */
  readonly problem: string;
  readonly fix: string;
}

export interface BagValidation {
  readonly survey: BagSurvey;
  readonly problems: readonly BagProblem[];
}

const REPAIR = 'rapport repair writes what can still be read to a new bag';

/**
 * Reads a bag whole and says what is wrong with it: every record and checksum, the index, every message against its
 * definition, and `metadata.yaml` against the recording.
 * @throws InputError when there is no bag that can be read; CorruptDataError when a file is missing or of another kind
 */
export async function validateBag(path: string, options: WorkOptions = {}): Promise<BagValidation> {
  const bag = await locateBag(path);
  const messages = new MessageCheck();
  const survey = await surveyBag(bag, {
    ...options,
    label: 'reading the bag',
    onMessage: (message, file) => messages.include(message, file),
  });
  const damaged = survey.damages.map((damage) => ({
    file: damage.file,
    problem: describeDamage(damage),
    fix: REPAIR,
  }));
  return { survey, problems: [...damaged, ...messages.problems(), ...metadataProblems(bag, survey)] };
}

/** Decodes every message; of each topic the first one that does not fit is told, and how many there are. */
class MessageCheck {
  readonly #decoders = new Map<string, ((data: Uint8Array) => unknown) | undefined>();
  readonly #counts = new Map<string, number>();
  readonly #faults = new Map<string, { readonly file: string; readonly problem: string; count: number; fix: string }>();

  include({ topic, data }: BagMessage, file: string): void {
    const number = this.#counts.get(topic.name) ?? 0;
    this.#counts.set(topic.name, number + 1);
    const fault = this.#faults.get(topic.name);
    try {
      this.#decoder(topic)?.(data);
    } catch (error) {
      if (fault !== undefined) {
        fault.count++;
        return;
      }
      const problem = `${file} message ${number} of its topic: ${(error as Error).message}`;
      const fix = 'leave the topic out, or record it again';
      this.#faults.set(topic.name, { file, problem, fix, count: 1 });
    }
  }

  /** Topics that cannot be decoded at all are told once and then left aside. */
  #decoder(topic: BagMessage['topic']): ((data: Uint8Array) => unknown) | undefined {
    if (!this.#decoders.has(topic.name)) {
      this.#decoders.set(topic.name, undefined);
      this.#decoders.set(topic.name, topicDecoder(topic));
    }
    return this.#decoders.get(topic.name);
  }

  problems(): BagProblem[] {
    return [...this.#faults.values()].map(({ file, problem, fix, count }) => ({
      file,
      problem: count === 1 ? problem : `${problem}, and ${count - 1} more`,
      fix,
    }));
  }
}

function metadataProblems(bag: BagLocation, survey: BagSurvey): BagProblem[] {
  const file = join(bag.path, METADATA_FILE);
  if (bag.metadataProblem !== undefined) {
    return [{ file, problem: bag.metadataProblem.message, fix: bag.metadataProblem.fix ?? REPAIR }];
  }
  const { metadata } = bag;
  if (metadata === undefined) return [];
  const problems: string[] = [];
  const compare = (what: string, said: unknown, found: unknown) => {
    if (said !== found) problems.push(`${what} is ${said}; the recording has ${found}`);
  };
  compare('message_count', metadata.messageCount, survey.messageCount);
  for (const { name, type, messageCount } of metadata.topics) {
    const topic = survey.topics.find((candidate) => candidate.name === name);
    compare(`message_count of topic ${name}`, messageCount, topic?.messageCount ?? 0);
    if (topic !== undefined && topic.type !== '') compare(`the type of topic ${name}`, type, topic.type);
  }
  const unnamed = survey.topics.find(({ name }) => !metadata.topics.some((topic) => topic.name === name));
  if (unnamed !== undefined) problems.push(`topic ${unnamed.name} is missing; the recording has it`);
  if (survey.messageCount > 0) {
    compare('starting_time', metadata.startingTime, survey.firstLogTime);
    compare('duration', metadata.duration, survey.lastLogTime - survey.firstLogTime);
  }
  for (const { path, messageCount } of metadata.files) {
    const found = survey.files.find((candidate) => basename(candidate.file) === basename(path));
    if (found !== undefined) compare(`message_count of ${path}`, messageCount, found.messageCount);
  }
  return problems.map((problem) => ({ file, problem: `${file}: ${problem}`, fix: REPAIR }));
}
