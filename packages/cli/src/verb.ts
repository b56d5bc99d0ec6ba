import type { StopSignal, WorkOptions } from '@rapport/core';
import type { z } from 'zod';

/** What a command leaves: one record for `--json`, and the same for a person. */
export interface Outcome {
  readonly data: unknown;
  /** Printed on standard output; lines of at most about 100 characters. */
  readonly text: string;
  /** 0 when absent. */
  readonly exitCode?: number;
}

/** What a command gets beside its options. */
export interface Context {
  /** `--seed`. */
  readonly seed: number;
  /** `--output DIR`: the folder in which run folders are made. */
  readonly output: string;
  /** `--resume DIR`: the run to go on with. */
  readonly resume: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  /** `--config FILE`, whose values are already in the options. */
  readonly configFile: string | undefined;
  /** Fires on the first Ctrl+C. */
  readonly signal: AbortSignal & StopSignal;
  /** Progress and stop signal for long work. */
  readonly work: WorkOptions;
  /** One line of news on standard error; `--quiet` silences it. */
  readonly log: (line: string) => void;
  /** One line on standard error that the person needs, whatever `--quiet` says. */
  readonly announce: (line: string) => void;
  /** Every option with its defaults filled in, as a run folder keeps it. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The command's name. */
  readonly verb: string;
  /** The command as typed, for run folders and for messages that say how to go on. */
  readonly commandLine: readonly string[];
  /** `--ros-args` and what follows it, for commands that are nodes of a ROS 2 graph. */
  readonly rosArguments: readonly string[];
}

/** Options every command knows; a command says which of these it heeds, and refuses the others. */
export type CommonOption = 'seed' | 'output' | 'resume';

interface VerbText {
  /** One or two words, for example `train reward`. */
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** A few sentences for the command's own help. */
  readonly description: string;
  readonly examples: readonly string[];
  /** Keys of options that plain words fill, in order. */
  readonly positionals: readonly string[];
  readonly heeds: readonly CommonOption[];
  /** The command is a node of a ROS 2 graph: `--ros-args` and what follows it is handed on as it is. */
  readonly node?: true;
  /** The arguments are not read but handed on whole, as the option `words`: they belong to another command. */
  readonly raw?: true;
}

interface VerbDefinition<Schema extends z.ZodObject> extends VerbText {
  /**
   * The schema of the options. A function, so that listing the commands loads none of the packages that a schema comes
   * from. Every field is described; objects open into dotted keys.
   */
  options(): Schema | Promise<Schema>;
  run(context: Context, options: z.output<Schema>): Promise<Outcome>;
}

/** A command of `rapport`. */
export interface Verb extends VerbText {
  options(): Promise<z.ZodObject>;
  /** Runs with options that the schema has accepted. */
  run(context: Context, input: Readonly<Record<string, unknown>>): Promise<Outcome>;
}

/** Makes a command from a definition whose `run` is typed by its own schema. */
export function defineVerb<Schema extends z.ZodObject>(definition: VerbDefinition<Schema>): Verb {
  return {
    ...definition,
    options: async () => definition.options(),
    run: async (context, input) => {
      const schema = await definition.options();
      return definition.run(context, schema.parse(input));
    },
  };
}
