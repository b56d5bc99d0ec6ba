import { InputError, UnavailableError } from '@rapport/core';
import pg from 'pg';
import type { Database, Row } from './database.js';

/**
 * Connects to a PostgreSQL server.
 * @param url for example `postgresql://user:password@host:5432/name`
 * @throws InputError when the address cannot be read, UnavailableError when the server cannot be reached
 */
export async function openPostgres(url: string): Promise<Database> {
  const label = withoutPassword(url);
  // A commit must be on the server's disk before it is reported, whatever the server's default says.
  const pool = new pg.Pool({ connectionString: url, max: 4, options: '-c synchronous_commit=on' });
  // An idle connection that breaks is replaced at the next query; without a listener it would end the process.
  pool.on('error', () => {});
  try {
    await pool.query('SELECT 1');
  } catch (error) {
    await pool.end();
    throw new UnavailableError(`PostgreSQL server ${label} cannot be used: ${reason(error)}`, {
      fix: 'check DATABASE_URL and that the server runs, or unset it to use the embedded database',
      cause: error,
    });
  }
  return {
    label,
    query: async (sql, parameters = []) => (await pool.query<Row>(sql, [...parameters])).rows,
    transaction: (work) => inTransaction(pool, work),
    close: () => pool.end(),
  };
}

async function inTransaction<T>(pool: pg.Pool, work: (query: Database['query']) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let failure: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await work(async (sql, parameters = []) => (await client.query<Row>(sql, [...parameters])).rows);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((broken: Error) => {
      failure = broken; // tells the pool to drop this connection
    });
    throw error;
  } finally {
    client.release(failure);
  }
}

function withoutPassword(url: string): string {
  if (!URL.canParse(url))
    throw new InputError('DATABASE_URL is not an address', { fix: 'write postgresql://user:password@host:5432/name' });
  const address = new URL(url);
  address.password = '';
  return address.href;
}

/** A refused connection to a name with several addresses is an AggregateError without a message. */
function reason(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map((inner) => reason(inner)).join(', ');
  return error instanceof Error ? error.message : String(error);
}
