import { z } from 'zod';
import type { CommonOption, Verb } from '../verb.js';
import { UsageError } from './usage-error.js';

/** Options that many commands share; `json`, `debug`, `quiet`, `config` and `help` belong to every command. */
const commonShape = {
  seed: z
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe('seed of every random number; the same seed gives the same bytes'),
  output: z.string().min(1).default('outputs').describe('folder in which a folder for this run is made'),
  resume: z.string().min(1).optional().describe('folder of an interrupted run to go on with'),
} satisfies Record<CommonOption, z.ZodType>;

/** The options of a command: its own, then the common ones that it heeds. */
export async function wholeSchema(verb: Verb): Promise<z.ZodObject> {
  const own = await verb.options();
  const common = Object.fromEntries(verb.heeds.map((name) => [name, commonShape[name]]));
  return z.object({ ...own.shape, ...common });
}

/** What belongs to every command and changes how it speaks, not what it does. */
export interface Manner {
  readonly json: boolean;
  readonly debug: boolean;
  readonly quiet: boolean;
  readonly help: boolean;
  readonly configFile: string | undefined;
}

/** Splits what belongs to every command from the rest of the arguments. */
export function takeManner(args: readonly string[]): { manner: Manner; rest: string[] } {
  const flags = { json: false, debug: false, quiet: false, help: false };
  let configFile: string | undefined;
  const rest: string[] = [];
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]!;
    if (arg === '--') {
      rest.push(...args.slice(index));
      break;
    }
    if (arg === '--json' || arg === '--debug' || arg === '--quiet' || arg === '--help') {
      flags[arg.slice(2) as keyof typeof flags] = true;
    } else if (arg === '-h') {
      flags.help = true;
    } else if (arg === '--config' || arg.startsWith('--config=')) {
      const value = arg === '--config' ? args[++index] : arg.slice('--config='.length);
      if (value === undefined || value === '' || value.startsWith('--')) {
        throw new UsageError('option "config" has no value; it takes the path of a YAML file');
      }
      if (configFile !== undefined) throw new UsageError('option "config" is given twice on the command line');
      configFile = value;
    } else {
      rest.push(arg);
    }
  }
  return { manner: { ...flags, configFile }, rest };
}
