import {
  CorruptDataError,
  type FeedbackEntry,
  InputError,
  type LedgerEntry,
  RapportError,
  UnavailableError,
} from '@rapport/core';
import type { Database, Row } from './database.js';
import { openPGlite } from './pglite.js';
import { openPostgres } from './postgres.js';
import { firstProblem, ledgerEntrySchema } from './schema.js';

/** Where a ledger lives: a folder (embedded PostgreSQL, one process at a time) or a PostgreSQL server (many). */
export type LedgerPlace = { readonly directory: string } | { readonly databaseUrl: string };

export interface EntryFilter {
  /** Only this annotator's entries. */
  readonly annotator?: string;
  /** Only answers about at least one clip of this dataset, and their undos. */
  readonly dataset?: string;
}

/** The append-only record of what annotators answered. */
export interface Ledger {
  /** Where it is, for messages. */
  readonly label: string;
  /**
   * Stores an entry; resolves once it is durable. The same entry again changes nothing.
   * @throws InputError when the entry is malformed, when its id stands for another entry already, or when an undo
   * names no answer of the same annotator
   * @throws UnavailableError when the database did not take it (disk full, server gone); the entry can be sent again
   */
  append(entry: LedgerEntry): Promise<void>;
  /** The entries in the order in which they were appended. */
  entries(filter?: EntryFilter): Promise<LedgerEntry[]>;
  close(): Promise<void>;
}

/**
 * Version of the tables below and of the entries in them. Version 2 lets an answer carry an annotation; the tables are those
 * of version 1, so that a ledger of version 1 is one of version 2 without annotations.
 */
const schemaVersion = 2;
const olderVersions: readonly unknown[] = [1];

const createTables = [
  `CREATE TABLE rapport.ledger_schema (
     single_row boolean PRIMARY KEY DEFAULT true CHECK (single_row),
     version integer NOT NULL
   )`,
  `INSERT INTO rapport.ledger_schema (version) VALUES (${schemaVersion})`,
  // The columns beside `entry` repeat parts of it for questions in SQL; `entry` is what counts.
  `CREATE TABLE rapport.ledger_entries (
     sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
     id text NOT NULL UNIQUE,
     kind text NOT NULL CHECK (kind IN ('feedback', 'undo')),
     annotator text NOT NULL,
     query_id text,
     undoes text REFERENCES rapport.ledger_entries (id),
     stored_at timestamptz NOT NULL DEFAULT now(),
     entry jsonb NOT NULL
   )`,
  `CREATE FUNCTION rapport.refuse_change() RETURNS trigger LANGUAGE plpgsql AS
   $$ BEGIN RAISE EXCEPTION 'the feedback ledger is append-only: % refused', TG_OP; END $$`,
  `CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rapport.ledger_entries
   FOR EACH STATEMENT EXECUTE FUNCTION rapport.refuse_change()`,
];

/**
 * Opens a ledger, made when there is none.
 * @throws UnavailableError when the folder is in use or not writable, or the server cannot be reached
 * @throws CorruptDataError when the ledger is damaged or was written by a newer version
 */
export async function openLedger(place: LedgerPlace): Promise<Ledger> {
  const database = 'directory' in place ? await openPGlite(place.directory) : await openPostgres(place.databaseUrl);
  try {
    await prepareTables(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return {
    label: database.label,
    append: (entry) => append(database, entry).catch((error) => refuseEntry(database, error)),
    entries: async (filter = {}) => select(await readAll(database), filter),
    close: () => database.close(),
  };
}

async function prepareTables(database: Database): Promise<void> {
  await database.transaction(async (query) => {
    // Two processes may open a new server database at the same moment; the number only has to be ours.
    await query('SELECT pg_advisory_xact_lock(7233274)');
    const [present] = await query(`SELECT to_regclass('rapport.ledger_schema') IS NOT NULL AS found`);
    if (present?.found !== true) {
      await query('CREATE SCHEMA IF NOT EXISTS rapport');
      for (const statement of createTables) await query(statement);
      return;
    }
    const [row] = await query('SELECT version FROM rapport.ledger_schema');
    if (row?.version === schemaVersion) return;
    if (olderVersions.includes(row?.version)) {
      await query(`UPDATE rapport.ledger_schema SET version = ${schemaVersion}`);
      return;
    }
    throw new CorruptDataError(
      `ledger ${database.label} has schema version ${row?.version ?? 'none'}; this Rapport reads version ${schemaVersion}`,
      { fix: 'update Rapport to the version that wrote the ledger' },
    );
  });
}

async function append(database: Database, entry: LedgerEntry): Promise<void> {
  const checked = ledgerEntrySchema.safeParse(entry);
  if (!checked.success) throw new InputError(`ledger entry is malformed: ${firstProblem(checked.error)}`);
  const valid = checked.data;
  if (valid.kind === 'undo') await checkUndo(database, valid.undoes, valid.annotator);

  const json = JSON.stringify(valid);
  const queryId = valid.kind === 'feedback' ? valid.query.id : '';
  const undoes = valid.kind === 'undo' ? valid.undoes : '';
  const stored = await database.query(
    `INSERT INTO rapport.ledger_entries (id, kind, annotator, query_id, undoes, entry)
     VALUES ($1, $2, $3, nullif($4, ''), nullif($5, ''), $6::jsonb)
     ON CONFLICT (id) DO NOTHING RETURNING sequence`,
    [valid.id, valid.kind, valid.annotator, queryId, undoes, json],
  );
  if (stored.length === 1) return;
  const [earlier] = await database.query('SELECT entry = $2::jsonb AS same FROM rapport.ledger_entries WHERE id = $1', [
    valid.id,
    json,
  ]);
  if (earlier?.same !== true) throw new InputError(`ledger entry ${valid.id} is there already with other content`);
}

function refuseEntry({ label }: Database, error: unknown): never {
  if (error instanceof RapportError) throw error;
  throw new UnavailableError(`ledger ${label} did not store the entry: ${(error as Error).message}`, {
    fix: 'check the disk space or the server, then send it again',
    cause: error,
  });
}

async function checkUndo(database: Database, undoes: string, annotator: string): Promise<void> {
  const [target] = await database.query('SELECT kind, annotator FROM rapport.ledger_entries WHERE id = $1', [undoes]);
  if (target?.kind !== 'feedback') throw new InputError(`undo names ${undoes}, which is no answer in this ledger`);
  if (target.annotator !== annotator) {
    throw new InputError(`undo by ${annotator} names ${undoes}, which is an answer of ${target.annotator}`);
  }
}

async function readAll(database: Database): Promise<LedgerEntry[]> {
  const rows = await database.query('SELECT sequence, entry FROM rapport.ledger_entries ORDER BY sequence');
  return rows.map((row) => parseRow(row, database.label));
}

function parseRow(row: Row, label: string): LedgerEntry {
  const checked = ledgerEntrySchema.safeParse(row.entry);
  if (checked.success) return checked.data;
  throw new CorruptDataError(`ledger ${label}, entry ${row.sequence} is malformed: ${firstProblem(checked.error)}`);
}

function select(entries: LedgerEntry[], { annotator, dataset }: EntryFilter): LedgerEntry[] {
  const isWanted = (entry: FeedbackEntry) =>
    (annotator === undefined || entry.annotator === annotator) &&
    (dataset === undefined || entry.query.items.some((item) => item.dataset === dataset));
  const kept = new Set<string>();
  return entries.filter((entry) => {
    if (entry.kind === 'undo') return kept.has(entry.undoes);
    if (!isWanted(entry)) return false;
    kept.add(entry.id);
    return true;
  });
}
