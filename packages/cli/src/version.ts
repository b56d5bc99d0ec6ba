import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the working tree, where `./rapport` stands. */
export const projectRoot = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));

const manifest = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };

export const rapportVersion = manifest.version;

/** What a person types to start this program; the launcher says how it was called. */
export const program = process.env.RAPPORT_COMMAND ?? 'rapport';
