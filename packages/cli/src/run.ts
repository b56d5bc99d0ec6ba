import { join } from 'node:path';
import { type GivenValue, parseArguments } from './config/arguments.js';
import { type Manner, takeManner, wholeSchema } from './config/common.js';
import { type Field, listFields } from './config/fields.js';
import { readConfigFile } from './config/file.js';
import { type Resolved, resolveOptions } from './config/resolve.js';
import { UsageError } from './config/usage-error.js';
import { describeOverview, describeVerb } from './help/text.js';
import { EXIT_INTERRUPTED, reportError } from './output/errors.js';
import { createReporter, type Reporter } from './output/progress.js';
import { runFolderVerb } from './run-folder.js';
import type { Context, Outcome, Verb } from './verb.js';
import { findVerb, loadVerb } from './verbs/index.js';
import { program, rapportVersion } from './version.js';

/** Where a command line reads and writes. */
export interface Terminal {
  readonly out: { write(text: string): unknown };
  readonly err: NodeJS.WritableStream & { readonly isTTY?: boolean };
  /** Fires on the first Ctrl+C. */
  readonly signal: AbortSignal;
}

/**
 * Runs one command.
 * @param args the words after `rapport`
 * @returns the exit code: 0, 1 for a failure, 2 for a wrong command line, 130 after Ctrl+C
 */
export async function runCommandLine(args: readonly string[], terminal: Terminal): Promise<number> {
  try {
    const { manner, rest } = takeManner(args);
    const outcome = await runWords(rest, args, manner, terminal);
    terminal.out.write(manner.json ? `${JSON.stringify(outcome.data, null, 2)}\n` : `${outcome.text}\n`);
    return outcome.exitCode ?? 0;
  } catch (error) {
    const { text, exitCode } = reportError(error, args.includes('--debug'));
    terminal.err.write(`${text}\n`);
    return terminal.signal.aborted ? EXIT_INTERRUPTED : exitCode;
  }
}

async function runWords(
  words: readonly string[],
  commandLine: readonly string[],
  manner: Manner,
  terminal: Terminal,
): Promise<Outcome> {
  if (words[0] === '--version' || words[0] === '-v') {
    return { data: { version: rapportVersion }, text: rapportVersion };
  }
  if (words.length === 0) return asOutcome(await describeOverview());
  const { name, rest } = findVerb(words);
  const verb = await loadVerb(name);
  if (manner.help) return asOutcome(await describeVerb(verb));

  const { own, ros } = verb.node === true ? splitRosArguments(rest) : { own: rest, ros: [] };
  const resolved = await resolveVerb(verb, own, manner.configFile);
  const reporter = createReporter(terminal.err, manner.quiet);
  try {
    return await verb.run(makeContext(verb, resolved, commandLine, ros, manner, terminal, reporter), resolved.input);
  } finally {
    reporter.close();
  }
}

function asOutcome(help: string): Outcome {
  return { data: { help }, text: help };
}

/**
 * The options of a command from its arguments and its configuration file. A resumed run takes its own configuration.
 * @throws UsageError see `parseArguments`, `readConfigFile` and `resolveOptions`
 */
export async function resolveVerb(
  verb: Verb,
  args: readonly string[],
  configFile: string | undefined,
): Promise<Resolved> {
  const schema = await wholeSchema(verb);
  const fields = listFields(schema);
  if (verb.raw) return resolveOptions(schema, fields, [], [{ field: fields[0]!, value: [...args], where: 'command' }]);

  const typed = parseArguments(args, fields, verb.positionals);
  const resume = typed.find(({ field }) => field.key === 'resume');
  const file = resume === undefined ? configFile : await runConfigFile(verb, resume, typed, configFile);
  return resolveOptions(schema, fields, await readFileValues(file, fields), typed);
}

/** Where the run to go on with keeps its resolved configuration. */
async function runConfigFile(
  verb: Verb,
  resume: GivenValue,
  typed: readonly GivenValue[],
  configFile: string | undefined,
): Promise<string> {
  const other = typed.find((entry) => entry !== resume)?.field.key ?? (configFile === undefined ? undefined : 'config');
  if (other !== undefined) {
    throw new UsageError(`option "${other}" cannot be changed by a resumed run, which keeps its own options`, {
      fix: `leave out --${other}, or start a new run`,
    });
  }
  const { openRunFolder } = await import('@rapport/data');
  const { directory, record } = await openRunFolder(String(resume.value));
  if (record.verb !== runFolderVerb(verb.name)) {
    throw new UsageError(`${directory} is a run of "${record.verb}", not of "${verb.name}"`, {
      fix: `${program} ${record.verb.replaceAll('-', ' ')} --resume ${directory}`,
    });
  }
  return join(directory, 'config.yaml');
}

async function readFileValues(file: string | undefined, fields: readonly Field[]): Promise<GivenValue[]> {
  return file === undefined ? [] : readConfigFile(file, fields);
}

function makeContext(
  verb: Verb,
  resolved: Resolved,
  commandLine: readonly string[],
  rosArguments: readonly string[],
  manner: Manner,
  terminal: Terminal,
  reporter: Reporter,
): Context {
  const { seed, output, resume, ...config } = resolved.options;
  return {
    seed: typeof seed === 'number' ? seed : 0,
    output: typeof output === 'string' ? output : 'outputs',
    resume: typeof resume === 'string' ? resume : undefined,
    json: manner.json,
    quiet: manner.quiet,
    configFile: manner.configFile,
    signal: terminal.signal,
    work: { onProgress: (progress) => reporter.progress(progress), signal: terminal.signal },
    log: (line) => reporter.log(line),
    announce: (line) => reporter.announce(line),
    config: seed === undefined ? config : { seed, ...config },
    verb: verb.name,
    commandLine,
    rosArguments,
  };
}

/** ROS 2's own arguments stand after `--ros-args`, and end at `--`. */
function splitRosArguments(args: readonly string[]): { own: string[]; ros: string[] } {
  const start = args.indexOf('--ros-args');
  if (start < 0) return { own: [...args], ros: [] };
  const end = args.indexOf('--', start);
  const last = end < 0 ? args.length : end;
  return { own: [...args.slice(0, start), ...args.slice(last + 1)], ros: args.slice(start, last) };
}
