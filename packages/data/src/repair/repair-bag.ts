import { access, rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { McapTypes } from '@mcap/core';
import { InputError, type WorkOptions } from '@rapport/core';
import { publish } from '../durable.js';
import { describeDamage } from '../mcap/damage.js';
import { type BagWriter, createBag } from '../rosbag2/bag-writer.js';
import type { BagMetadata } from '../rosbag2/metadata.js';
import { type BagLocation, locateBag } from '../rosbag2/open-bag.js';
import { type BagTopic, readBag } from '../rosbag2/read-bag.js';
import { type BagSurvey, surveyBag } from '../rosbag2/survey.js';

/** What a repair did. */
export interface BagRepair {
  readonly output: string;
  /** What the new bag holds. */
  readonly metadata: BagMetadata;
  /** What was wrong, each in one line; empty when the bag was whole. */
  readonly problems: readonly string[];
}

/**
 * Writes what can be read of a bag to a new one: every message before a damage and, where records can still be told apart,
 * after it; index and `metadata.yaml` are made anew from them. Types, qualities of service, type hashes, custom data,
 * attachments and the three times of each message are kept. The new folder appears whole or not at all; the bag itself is
 * not touched.
 * @throws InputError when the output exists, or there is no bag; CorruptDataError when no message can be read
 */
export async function repairBag(path: string, output: string, options: WorkOptions = {}): Promise<BagRepair> {
  const bag = await locateBag(path);
  await refuseExisting(output);
  const survey = await surveyBag(bag, { ...options, label: 'looking for damage' });
  const draft = `${output}.partial`;
  await rm(draft, { recursive: true, force: true });
  const said = bag.metadata ?? survey.embedded;
  const writer = await createBag(draft, {
    name: basename(resolve(output)),
    compression: 'zstd',
    ...(said !== undefined && { like: said }),
  });
  try {
    await copyBag(bag, survey, said, writer, options);
    const metadata = await writer.close();
    await publish(draft, output);
    return { output, metadata, problems: problemsOf(bag, survey) };
  } catch (error) {
    await writer.abandon();
    await rm(draft, { recursive: true, force: true });
    throw error;
  }
}

async function copyBag(
  bag: BagLocation,
  survey: BagSurvey,
  said: BagMetadata | undefined,
  writer: BagWriter,
  options: WorkOptions,
): Promise<void> {
  const topics = new Map<string, BagTopic>();
  for (const topic of survey.topics) {
    const known = said?.topics.find(({ name }) => name === topic.name);
    const complete = {
      ...topic,
      type: topic.type || (known?.type ?? ''),
      qos: topic.qos.length > 0 ? topic.qos : (known?.qos ?? []),
      typeHash: topic.typeHash || (known?.typeHash ?? ''),
    };
    topics.set(topic.name, complete);
    await writer.addTopic(complete);
  }
  const kept: McapTypes.TypedMcapRecords['Attachment' | 'Metadata'][] = [];
  const messages = readBag(bag, {
    ...options,
    label: 'writing what can be read',
    onDamage: () => {}, // `surveyBag` has found it already
    onRecord: (record) => {
      if (record.type === 'Attachment') kept.push({ ...record, data: record.data.slice() });
      else if (record.type === 'Metadata' && record.name !== 'rosbag2') kept.push(record);
    },
  });
  for await (const message of messages) {
    await writer.write({ ...message, topic: topics.get(message.topic.name)! });
  }
  for (const record of kept) await writer.keep(record);
}

function problemsOf(bag: BagLocation, survey: BagSurvey): string[] {
  return [
    ...survey.damages.map(describeDamage),
    ...(bag.metadataProblem === undefined ? [] : [bag.metadataProblem.message]),
  ];
}

async function refuseExisting(path: string): Promise<void> {
  const exists = await access(path).then(
    () => true,
    () => false,
  );
  if (exists) throw new InputError(`${path} exists; a bag is never repaired in place`, { fix: 'name a new folder' });
}
