import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { publish, writeDurably } from '../durable.js';

/**
 * Writes a folder of files so that it appears whole or not at all; one that is there already is replaced.
 * @param files content by path inside the folder, for example `training_state/replay.safetensors`
 */
export async function writeFolder(
  directory: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const draft = `${directory}.partial`;
  const replaced = `${directory}.replaced`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(dirname(directory), { recursive: true });
  for (const [path, content] of Object.entries(files)) await writeDurably(join(draft, path), content);
  await rm(replaced, { recursive: true, force: true });
  await rename(directory, replaced).catch(() => {}); // usually there is none
  await publish(draft, directory);
  await rm(replaced, { recursive: true, force: true });
}
