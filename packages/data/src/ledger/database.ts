/** The few things the ledger asks of a SQL database; one adapter for PGlite, one for a PostgreSQL server. */
export interface Database {
  /** What the database is, for messages: its folder, or its address without the password. */
  readonly label: string;
  query(sql: string, parameters?: readonly (string | number)[]): Promise<Row[]>;
  /** Runs the statements of `work` in one transaction, rolled back when it throws. */
  transaction<T>(work: (query: Database['query']) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export type Row = Readonly<Record<string, unknown>>;
