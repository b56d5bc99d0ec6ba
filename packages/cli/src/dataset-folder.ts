import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The dataset that a path names: the folder itself, or `dataset` in the folder of the run that recorded it. */
export function datasetFolder(path: string): string {
  const inside = join(path, 'dataset');
  return !existsSync(join(path, 'meta')) && existsSync(inside) ? inside : path;
}
