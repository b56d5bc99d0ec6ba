import { mkdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CorruptDataError, InputError, UnavailableError } from '@rapport/core';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { writeDurably } from '../durable.js';
import { describeHardware, gitState, versions } from './surroundings.js';

/** What a run is, before it has a folder. */
export interface RunDescription {
  /** Folder of all runs; `outputs` by habit. */
  readonly root: string;
  /** The command, for example `train-policy`; becomes a folder name. */
  readonly verb: string;
  /** The job, for example `avoid-longstick`; becomes part of a folder name. */
  readonly name: string;
  readonly startedAt: Date;
  /** The resolved configuration: every value, plain data. */
  readonly config: object;
  /** The overrides as they were typed, for example `policy.lr=3e-4`. */
  readonly overrides: readonly string[];
  readonly commandLine: readonly string[];
  readonly seed: number;
}

/** A folder of one run. */
export interface RunFolder {
  /** Absolute path. */
  readonly directory: string;
  readonly record: RunRecord;
  readonly config: unknown;
  readonly overrides: readonly string[];
}

/** What `run.json` holds. */
export type RunRecord = z.infer<typeof recordSchema>;

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/);
const recordSchema = z.object({
  format: z.literal(1),
  verb: name,
  name,
  startedAt: z.iso.datetime(),
  commandLine: z.array(z.string()),
  seed: z.int(),
  versions: z.record(z.string(), z.string()),
  /** Of the program, not of the folder it ran in; null when it is not a git checkout. */
  git: z.object({ revision: z.string(), dirty: z.boolean() }).nullable(),
  hardware: z.string(),
});

/**
 * Makes `root/verb/YYYY-MM-DD/HH-MM-SS_name/` (local time) with `config.yaml`, `overrides.yaml` and `run.json`. The
 * folder appears whole or not at all.
 * @throws InputError when it is there already or a name cannot be a folder's
 * @throws UnavailableError when it cannot be written
 */
export async function createRunFolder(description: RunDescription): Promise<RunFolder> {
  for (const part of ['verb', 'name'] as const) {
    if (!name.safeParse(description[part]).success) {
      throw new InputError(
        `${part} "${description[part]}" cannot be a folder name; allowed are letters, digits, dot, dash and underscore`,
      );
    }
  }
  const directory = resolve(folderOf(description));
  const { verb, commandLine, seed, config, overrides } = description;
  const record: RunRecord = {
    format: 1,
    verb,
    name: description.name,
    startedAt: description.startedAt.toISOString(),
    commandLine: [...commandLine],
    seed,
    versions: await versions(),
    git: await gitState(),
    hardware: describeHardware(),
  };
  const draft = `${directory}.partial`;
  try {
    await mkdir(dirname(directory), { recursive: true });
    await rm(draft, { recursive: true, force: true });
    await writeDurably(join(draft, 'config.yaml'), stringify(config));
    await writeDurably(join(draft, 'overrides.yaml'), stringify(overrides));
    await writeDurably(join(draft, 'run.json'), `${JSON.stringify(record, null, 2)}\n`);
    await claim(draft, directory);
  } catch (error) {
    await rm(draft, { recursive: true, force: true }).catch(() => {});
    if (error instanceof InputError) throw error;
    throw new UnavailableError(`run folder ${directory} cannot be written: ${(error as Error).message}`, {
      fix: 'choose a folder that you may write to, or free some disk space',
      cause: error,
    });
  }
  return { directory, record, config, overrides };
}

/**
 * Opens the folder of an earlier run, for `--resume`.
 * @throws InputError when it is no run folder, CorruptDataError when a file in it is damaged or of a newer version
 */
export async function openRunFolder(path: string): Promise<RunFolder> {
  const directory = resolve(path);
  const file = join(directory, 'run.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    throw new InputError(`${directory} is no run folder: it has no run.json`, {
      fix: 'give the folder that a run printed, for example outputs/train-policy/2026-05-04/10-30-00_avoid',
    });
  }
  const parsed = parseJson(text, file);
  const { format } = z.object({ format: z.int() }).catch({ format: 0 }).parse(parsed);
  if (format > 1) {
    throw new CorruptDataError(`${file} has format ${format}; this Rapport reads format 1`, {
      fix: 'update Rapport to the version that started the run',
    });
  }
  const checked = recordSchema.safeParse(parsed);
  if (!checked.success) {
    const issue = checked.error.issues[0]!;
    throw new CorruptDataError(`${file} is damaged: ${issue.path.join('.')}: ${issue.message}`);
  }
  return {
    directory,
    record: checked.data,
    config: await readYaml(join(directory, 'config.yaml')),
    overrides: z.array(z.string()).parse(await readYaml(join(directory, 'overrides.yaml'))),
  };
}

function folderOf({ root, verb, name, startedAt }: RunDescription): string {
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${startedAt.getFullYear()}-${two(startedAt.getMonth() + 1)}-${two(startedAt.getDate())}`;
  const time = [startedAt.getHours(), startedAt.getMinutes(), startedAt.getSeconds()].map(two).join('-');
  return join(root, verb, day, `${time}_${name}`);
}

/** Moves the finished draft to its place; a folder with anything in it is never replaced. */
async function claim(draft: string, directory: string): Promise<void> {
  const refuse = () => {
    throw new InputError(`run folder ${directory} is there already; nothing was overwritten`, {
      fix: `go on with --resume ${directory}, or start again in a second or under another name`,
    });
  };
  if (await stat(directory).catch(() => undefined)) refuse();
  await rename(draft, directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOTEMPTY' || error.code === 'EEXIST') refuse();
    throw error;
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`${file} is not JSON: ${(cause as Error).message}`, { cause });
  }
}

async function readYaml(file: string): Promise<unknown> {
  try {
    return parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new CorruptDataError(`${file} cannot be read: ${(cause as Error).message.split('\n')[0]}`, { cause });
  }
}
