import { InterruptedError } from '@rapport/core';
import type { RunFolder } from '@rapport/data';
import type { Context } from './verb.js';
import { program } from './version.js';

/** A command's name as a folder's: `train reward` becomes `train-reward`. */
export function runFolderVerb(verb: string): string {
  return verb.replaceAll(' ', '-');
}

/**
 * The folder of this run: a new one below `--output`, or the one that `--resume` names.
 * @param name what the run is about, for the folder's name; slashes become dashes
 */
export async function startRun(context: Context, name: string): Promise<RunFolder> {
  const { createRunFolder, openRunFolder } = await import('@rapport/data');
  if (context.resume !== undefined) return openRunFolder(context.resume);
  return createRunFolder({
    root: context.output,
    verb: runFolderVerb(context.verb),
    // Ids of environments hold slashes, and FILE:ID or gym:PACKAGE/ID more.
    name: name.replaceAll(/[^A-Za-z0-9._-]+/g, '-').replace(/^[.-]+/, ''),
    startedAt: new Date(),
    config: context.config,
    overrides: context.commandLine.filter((word) => word.includes('=')),
    commandLine: ['rapport', ...context.commandLine],
    seed: context.seed,
  });
}

/** How to go on with a run that was stopped. */
export function resumeCommand(context: Context, directory: string): string {
  return [program, context.verb, '--resume', directory, ...context.rosArguments].join(' ');
}

/**
 * What a run that ended early throws: an interruption says how to go on; anything else stays as it is.
 * @param message what is kept, in place of the interruption's own words
 */
export function resumable(error: unknown, context: Context, directory: string, message?: string): unknown {
  if (!(error instanceof InterruptedError)) return error;
  return new InterruptedError(message ?? error.message, { fix: `go on with ${resumeCommand(context, directory)}` });
}
