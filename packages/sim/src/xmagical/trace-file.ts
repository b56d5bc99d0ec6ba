import { CorruptDataError } from '@rapport/core';
import type { EmbodimentName } from './view.js';

/** A trace of the original x-magical, checked. */
export interface RecordedTrace {
  readonly id: string;
  readonly embodiment: EmbodimentName;
  readonly variant: string;
  readonly seed: number;
  /** `control`: a row per control step; `solver`: a row per solver step. */
  readonly kind: 'control' | 'solver';
  /** Names of the quantities in a row, without the reward. */
  readonly columns: readonly string[];
  /** The state before the first row. */
  readonly initial: readonly number[] | undefined;
  /** One action a row. */
  readonly actions: readonly (readonly number[])[];
  readonly rows: readonly (readonly number[])[];
  /** One a row; empty for a solver trace. */
  readonly rewards: readonly number[];
}

const embodiments: Readonly<Record<string, EmbodimentName>> = {
  Gripper: 'gripper',
  Shortstick: 'shortstick',
  Mediumstick: 'mediumstick',
  Longstick: 'longstick',
};
const columnPattern = /^(x|y|theta|vx|vy|omega|fingerL_rel|fingerR_rel|d[123](x|y|theta))$/;

/**
 * Reads a trace file.
 * @param text one JSON object with `traces` and `substeps`; either may be missing
 * @throws CorruptDataError naming the file and the entry that is not as it should be
 */
export function readTraceFile(text: string, fileName: string): readonly RecordedTrace[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new CorruptDataError(`${fileName} is not JSON: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
  const file = new Entry(parsed, fileName);
  const traces = file.optionalList('traces').map(readControlTrace);
  const substeps = file.optionalList('substeps').map(readSolverTrace);
  if (traces.length + substeps.length === 0) {
    throw new CorruptDataError(`${fileName} holds no traces; expected a list "traces" or "substeps"`);
  }
  return [...traces, ...substeps];
}

function readControlTrace(entry: Entry): RecordedTrace {
  const embodiment = readEmbodiment(entry);
  const columns = readColumns(entry, embodiment);
  if (columns.at(-1) !== 'reward') throw entry.wrong('columns', 'a list that ends with "reward"');
  const rows = entry.numberTable('rows', columns.length);
  const actions = entry.numberTable('actions', actionSize(embodiment));
  if (actions.length !== rows.length) throw entry.wrong('actions', `${rows.length} actions, one for each row`);
  return {
    id: entry.string('id'),
    embodiment,
    variant: entry.string('variant'),
    seed: entry.seed('seed'),
    kind: 'control',
    columns: columns.slice(0, -1),
    initial: entry.has('initial') ? entry.numbers('initial', columns.length - 1) : undefined,
    actions,
    rows: rows.map((row) => row.slice(0, -1)),
    rewards: rows.map((row) => row.at(-1)!),
  };
}

function readSolverTrace(entry: Entry): RecordedTrace {
  const embodiment = readEmbodiment(entry);
  const columns = readColumns(entry, embodiment);
  const action = entry.numbers('action', actionSize(embodiment));
  if (entry.has('dt') && Math.abs(entry.number('dt') - 0.0125) > 1e-9) throw entry.wrong('dt', '0.0125');
  const rows = entry.numberTable('rows', columns.length);
  return {
    id: entry.string('id'),
    embodiment,
    variant: 'Demo',
    seed: 0,
    kind: 'solver',
    columns,
    initial: undefined,
    actions: rows.map(() => action),
    rows,
    rewards: [],
  };
}

function actionSize(embodiment: EmbodimentName): number {
  return embodiment === 'gripper' ? 3 : 2;
}

function readEmbodiment(entry: Entry): EmbodimentName {
  const embodiment = embodiments[entry.string('embodiment')];
  if (embodiment === undefined) throw entry.wrong('embodiment', `one of ${Object.keys(embodiments).join(', ')}`);
  return embodiment;
}

function readColumns(entry: Entry, embodiment: EmbodimentName): readonly string[] {
  const columns = entry.strings('columns');
  columns.forEach((column, index) => {
    const known = columnPattern.test(column) || (column === 'reward' && index === columns.length - 1);
    if (!known || (column.startsWith('finger') && embodiment !== 'gripper')) {
      throw entry.wrong('columns', `known column names, not "${column}"`);
    }
  });
  return columns;
}

/** A JSON object with the words for where it lies. */
class Entry {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new CorruptDataError(`${where} is ${describe(value)}; expected an object`);
    }
    this.#fields = Object.fromEntries(Object.entries(value));
    this.#where = where;
  }

  has(key: string): boolean {
    return this.#fields[key] !== undefined;
  }

  wrong(key: string, expected: string): CorruptDataError {
    return new CorruptDataError(`${this.#where}, "${key}" is ${describe(this.#fields[key])}; expected ${expected}`);
  }

  string(key: string): string {
    const value = this.#fields[key];
    if (typeof value !== 'string') throw this.wrong(key, 'a string');
    return value;
  }

  number(key: string): number {
    const value = this.#fields[key];
    if (!isFiniteNumber(value)) throw this.wrong(key, 'a number');
    return value;
  }

  seed(key: string): number {
    const value = this.number(key);
    if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32)
      throw this.wrong(key, 'an integer from 0 to 2^32 - 1');
    return value;
  }

  strings(key: string): readonly string[] {
    const value = this.#fields[key];
    if (!Array.isArray(value) || !value.every((item) => typeof item === 'string'))
      throw this.wrong(key, 'a list of strings');
    return value;
  }

  numbers(key: string, length: number): readonly number[] {
    const value = this.#fields[key];
    if (!isNumberList(value, length)) throw this.wrong(key, `a list of ${length} numbers`);
    return value;
  }

  numberTable(key: string, width: number): readonly (readonly number[])[] {
    const value = this.#fields[key];
    if (!Array.isArray(value) || value.length === 0) throw this.wrong(key, 'a list of rows');
    return value.map((row: unknown, index) => {
      if (!isNumberList(row, width)) {
        throw new CorruptDataError(
          `${this.#where}, "${key}", row ${index} is ${describe(row)}; expected a list of ${width} numbers`,
        );
      }
      return row;
    });
  }

  optionalList(key: string): readonly Entry[] {
    const value = this.#fields[key];
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.wrong(key, 'a list');
    return value.map((item: unknown, index) => new Entry(item, `${this.#where}: ${key}[${index}]`));
  }
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isNumberList(value: unknown, length: number): value is number[] {
  return Array.isArray(value) && value.length === length && value.every(isFiniteNumber);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
