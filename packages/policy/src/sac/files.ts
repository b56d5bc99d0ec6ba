import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type BoxSpace, CorruptDataError, InputError } from '@rapport/core';
import { writeFolder } from '@rapport/data';
import { decodeTensors, encodeTensors, exportOnnx, type ParameterValues } from '@rapport/nn';
import { z } from 'zod';
import { sacConfigSchema } from './config.js';
import { actorMode, SacPolicy } from './policy.js';
import type { SacCheckpoint, STREAMS } from './train.js';

/** JSON has no infinities: an unbounded entry is stored as null. */
const bound = (unbounded: number) =>
  z
    .number()
    .nullable()
    .transform((value) => value ?? unbounded);
const spaceSchema = z.object({
  kind: z.literal('box'),
  entries: z.array(
    z.object({
      name: z.string(),
      unit: z.string(),
      low: bound(Number.NEGATIVE_INFINITY),
      high: bound(Number.POSITIVE_INFINITY),
    }),
  ),
}) satisfies z.ZodType<BoxSpace>;

const policySchema = z.object({
  format: z.literal(1),
  kind: z.literal('sac'),
  name: z.string(),
  envId: z.string(),
  config: sacConfigSchema,
  observationSpace: spaceSchema,
  actionSpace: spaceSchema,
});

const checkpointSchema = z.object({
  format: z.literal(1),
  step: z.int().min(0),
  episode: z.int().min(0),
  updates: z.int().min(0),
  nextReplayRow: z.int().min(0),
  streams: z.object({
    episodes: z.array(z.int()),
    exploration: z.array(z.int()),
    replay: z.array(z.int()),
    noise: z.array(z.int()),
  } satisfies Record<(typeof STREAMS)[number], z.ZodType>),
});

const POLICY_FILE = 'policy.json';
const WEIGHTS_FILE = 'policy.safetensors';
const AGENT_FILE = 'training_state/agent.safetensors';
const REPLAY_FILE = 'training_state/replay.safetensors';
const STATE_FILE = 'training_state/state.json';

/**
 * Writes a policy as a folder: `policy.json` (what it is for, and its settings), `policy.safetensors` (weights) and
 * `policy.onnx` (one stacked observation in, one action in [-1, 1] out). The folder appears whole or not at all.
 * @param extra more files for the same folder, by name
 */
export async function savePolicy(
  directory: string,
  policy: SacPolicy,
  extra: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { description, parameters } = policy;
  await writeFolder(directory, {
    [POLICY_FILE]: `${JSON.stringify({ format: 1, kind: 'sac', ...description }, null, 2)}\n`,
    [WEIGHTS_FILE]: encodeTensors(parameters),
    'policy.onnx': exportOnnx({ outputs: { action: actorMode(description) }, parameters }),
    ...extra,
  });
}

/**
 * Reads a policy that `savePolicy` wrote.
 * @throws InputError when the folder holds none; CorruptDataError when a file is damaged or does not fit the others
 */
export async function loadPolicy(directory: string): Promise<SacPolicy> {
  const path = join(directory, POLICY_FILE);
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new InputError(`${directory} holds no policy: it has no ${POLICY_FILE}`, {
      fix: 'give the folder "policy" of a training run',
    });
  }
  const { format: _format, kind: _kind, ...description } = parseJson(policySchema, text, path);
  const weights = join(directory, WEIGHTS_FILE);
  const { tensors } = decodeTensors(await readBytes(weights), weights);
  try {
    return await SacPolicy.create(description, tensors);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    throw new CorruptDataError(`${weights} does not fit ${path}: ${error.message}`, { cause: error });
  }
}

/** The files of a checkpoint, by path. */
export function checkpointFiles(checkpoint: SacCheckpoint): Record<string, string | Uint8Array> {
  const { agent, replay, streams, step, episode } = checkpoint;
  const state: z.input<typeof checkpointSchema> = {
    format: 1,
    step,
    episode,
    updates: agent.step,
    nextReplayRow: replay.next,
    streams: {
      episodes: [...streams.episodes],
      exploration: [...streams.exploration],
      replay: [...streams.replay],
      noise: [...streams.noise],
    },
  };
  return {
    [AGENT_FILE]: encodeTensors(agent.tensors),
    [REPLAY_FILE]: encodeTensors({ rows: { shape: [replay.rows.length], data: replay.rows } }),
    [STATE_FILE]: JSON.stringify(state),
  };
}

/** Reads a checkpoint from the folder that its files were written to. @throws CorruptDataError when one is damaged */
export async function readCheckpoint(directory: string): Promise<SacCheckpoint> {
  const statePath = join(directory, STATE_FILE);
  const state = parseJson(checkpointSchema, (await readBytes(statePath)).toString('utf8'), statePath);
  const agent = await readTensors(join(directory, AGENT_FILE));
  const replayPath = join(directory, REPLAY_FILE);
  const { rows } = await readTensors(replayPath);
  if (rows === undefined) throw new CorruptDataError(`${replayPath} has no tensor "rows"`);
  const { step, episode, streams, updates, nextReplayRow } = state;
  return {
    agent: { step: updates, tensors: agent },
    replay: { rows: rows.data, next: nextReplayRow },
    streams,
    step,
    episode,
  };
}

async function readTensors(path: string): Promise<ParameterValues> {
  return decodeTensors(await readBytes(path), path).tensors;
}

async function readBytes(path: string): Promise<Buffer> {
  return readFile(path).catch((cause: Error) => {
    throw new CorruptDataError(`${path} cannot be read: ${cause.message}`, { cause });
  });
}

function parseJson<Schema extends z.ZodType>(schema: Schema, text: string, path: string): z.output<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`${path} is not JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new CorruptDataError(`${path}: ${issue.path.join('.')}: ${issue.message}`);
}
