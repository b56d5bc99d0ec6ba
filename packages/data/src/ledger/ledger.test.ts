import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FeedbackEntry, LedgerEntry, UndoEntry } from '@rapport/core';
import { CorruptDataError, InputError, UnavailableError } from '@rapport/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LedgerPlace, openLedger } from './ledger.js';
import { openPGlite } from './pglite.js';
import { execute, startThrowawayServer, type ThrowawayServer, whyNoServer } from './throwaway-server.js';

function answer(id: string, changes: Partial<FeedbackEntry> = {}): FeedbackEntry {
  return {
    kind: 'feedback',
    id,
    query: {
      id: `query-${id}`,
      items: [0, 1, 2].map((episode) => ({ dataset: 'ds-1', episode, start: 0, end: 50 })),
    },
    screenOrder: [2, 0, 1],
    value: { kind: 'ranking', ranks: [1, 0, 1] },
    annotator: 'human/annotator-1',
    shownAtMs: 1_760_000_000_000.25,
    answeredAtMs: 1_760_000_004_321.5,
    replays: [1, 2, 1],
    ...changes,
  };
}

function undo(id: string, undoes: string, annotator = 'human/annotator-1'): UndoEntry {
  return { kind: 'undo', id, undoes, annotator, atMs: 1_760_000_009_000 };
}

/** A kind of place: how to get a fresh one, and how to run a statement behind the ledger's back. */
interface PlaceKind<Place extends LedgerPlace> {
  fresh(): Promise<Place>;
  execute(place: Place, sql: string): Promise<void>;
}

let folder: string;
let server: ThrowawayServer | undefined;
let count = 0;
const missing = await whyNoServer();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'rapport-ledger-'));
  await (await openLedger({ directory: join(folder, 'template') })).close();
  if (missing === undefined) server = await startThrowawayServer();
}, 60_000);

afterAll(async () => {
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

const embedded = {
  // A copy: making a database takes PGlite a second or more.
  fresh: async () => {
    const directory = join(folder, `ledger-${count++}`);
    await cp(join(folder, 'template'), directory, { recursive: true });
    return { directory };
  },
  execute: async (place: { directory: string }, sql: string) => {
    const database = await openPGlite(place.directory);
    try {
      await database.query(sql);
    } finally {
      await database.close();
    }
  },
};

const onServer = {
  fresh: async () => ({ databaseUrl: await server!.createDatabase(`ledger_${count++}`) }),
  execute: (place: { databaseUrl: string }, sql: string) => execute(place.databaseUrl, sql),
};

describe('ledger in an embedded database', () => {
  itBehavesLikeALedger(embedded);

  it('refuses a second process on the same folder, and opens after the first has closed', async () => {
    const place = await embedded.fresh();
    const first = await openLedger(place);
    const second = openLedger(place);
    await expect(second).rejects.toThrow(UnavailableError);
    await expect(second).rejects.toThrow(/in use by process \d+/);
    await first.close();
    await (await openLedger(place)).close();
  });

  it('takes over the lock of a process that is gone', async () => {
    const place = await embedded.fresh();
    await writeFile(join(place.directory, 'lock'), JSON.stringify({ pid: process.pid, started: '1' }));
    await (await openLedger(place)).close();
  });

  it('flushes every commit: fsync is on in the embedded database', async () => {
    const database = await openPGlite((await embedded.fresh()).directory);
    const settings = await database.query(
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'wal_sync_method') ORDER BY name`,
    );
    await database.close();
    expect(settings.map((row) => row.setting)).toEqual(['on', 'on', 'fsync']);
  });

  it('names the folder when it holds something else', async () => {
    const directory = join(folder, `ledger-${count++}`);
    await mkdir(join(directory, 'postgres'), { recursive: true });
    await writeFile(join(directory, 'postgres', 'PG_VERSION'), '15\n');
    const opened = openLedger({ directory });
    await expect(opened).rejects.toThrow(CorruptDataError);
    await expect(opened).rejects.toThrow(/PG_VERSION 15; this Rapport opens version 18/);
    await expect(openLedger({ directory: join(directory, 'postgres', 'PG_VERSION') })).rejects.toThrow(
      /is not a folder/,
    );
  });
});

describe.skipIf(missing !== undefined)(
  `ledger on a PostgreSQL server${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    itBehavesLikeALedger(onServer);

    it('says that an entry was not stored when the server refuses it', async () => {
      const place = await onServer.fresh();
      const ledger = await openLedger(place);
      await onServer.execute(place, 'ALTER TABLE rapport.ledger_entries RENAME TO elsewhere');
      await expect(ledger.append(answer('a'))).rejects.toThrow(UnavailableError);
      await expect(ledger.append(answer('a'))).rejects.toThrow(/did not store the entry: relation .* does not exist/);
      await ledger.close();
    });

    it('serves two openers at once', async () => {
      const place = await onServer.fresh();
      const [first, second] = await Promise.all([openLedger(place), openLedger(place)]);
      await first.append(answer('a'));
      await second.append(answer('b'));
      expect((await first.entries()).map((entry) => entry.id)).toEqual(['a', 'b']);
      await Promise.all([first.close(), second.close()]);
    });
  },
);

it('names a folder that cannot be made', async () => {
  const opened = openLedger({ directory: '/sys/rapport-ledger' });
  await expect(opened).rejects.toThrow(UnavailableError);
  await expect(opened).rejects.toThrow(/ledger folder \/sys\/rapport-ledger cannot be written/);
});

it('reports an unreachable server without its password', async () => {
  const opened = openLedger({ databaseUrl: 'postgresql://annotator-1:secret@127.0.0.1:1/rapport' });
  await expect(opened).rejects.toThrow(UnavailableError);
  await expect(opened).rejects.toThrow(/^(?!.*secret).*annotator-1@127\.0\.0\.1:1\/rapport cannot be used/);
});

function itBehavesLikeALedger<Place extends LedgerPlace>(kind: PlaceKind<Place>): void {
  it('returns what was appended, in order, after closing and opening again', async () => {
    const place = await kind.fresh();
    const entries: LedgerEntry[] = [
      answer('a'),
      answer('b', { value: { kind: 'skip' } }),
      answer('ü-"quoted"', { value: { kind: 'cannot-tell' }, annotation: { reasons: ['safer'] } }),
      answer('w', { annotation: { windows: [{ start: 0, end: 9 }, null, { start: 40, end: 50 }], strength: 3 } }),
      undo('u', 'a'),
      answer('p', {
        query: { id: 'pair', items: [0, 1].map((episode) => ({ dataset: 'ds-2', episode, start: 3, end: 9 })) },
        screenOrder: [1, 0],
        replays: [0, 0],
        value: { kind: 'pair', preferred: null },
      }),
    ];
    let ledger = await openLedger(place);
    for (const entry of entries) await ledger.append(entry);
    await ledger.close();
    ledger = await openLedger(place);
    expect(await ledger.entries()).toEqual(entries);
    await ledger.close();
  });

  it('stores an entry once when it is sent twice, also at the same time', async () => {
    const ledger = await openLedger(await kind.fresh());
    await Promise.all([ledger.append(answer('a')), ledger.append(answer('a')), ledger.append(answer('a'))]);
    await ledger.append(answer('a'));
    expect(await ledger.entries()).toHaveLength(1);
    const other = ledger.append(answer('a', { annotator: 'human/annotator-2' }));
    await expect(other).rejects.toThrow('ledger entry a is there already with other content');
    await ledger.close();
  });

  it('refuses malformed entries with the place of the first problem', async () => {
    const ledger = await openLedger(await kind.fresh());
    const cases: [FeedbackEntry | UndoEntry, RegExp][] = [
      [answer('a', { screenOrder: [0, 0, 1] }), /screenOrder: must hold each of 0\.\.2 once/],
      [answer('a', { value: { kind: 'ranking', ranks: [0, 2, 2] } }), /value\.ranks: must hold 3 places without gaps/],
      [answer('a', { value: { kind: 'pair', preferred: 0 } }), /value: a pair needs 2 items/],
      [answer('a', { replays: [1] }), /replays: must hold 3 counts/],
      [answer('a\0'), /id: holds a NUL/],
      [answer('a', { annotation: { windows: [null] } }), /annotation\.windows: must hold 3 windows or nulls/],
      [
        answer('a', { annotation: { windows: [null, null, { start: 40, end: 51 }] } }),
        /annotation\.windows: must lie inside their items/,
      ],
      [
        answer('a', { value: { kind: 'ranking', ranks: [0, 0, 0] }, annotation: { strength: 1 } }),
        /annotation\.strength: needs an answer that prefers one item/,
      ],
      [
        answer('a', { value: { kind: 'skip' }, annotation: { reasons: ['safer'] } }),
        /annotation: must not be given with/,
      ],
      [answer('a', { shownAtMs: Number.NaN }), /shownAtMs/],
      [undo('u', 'nobody'), /undo names nobody, which is no answer/],
    ];
    for (const [entry, message] of cases) {
      await expect(ledger.append(entry)).rejects.toThrow(message);
      await expect(ledger.append(entry)).rejects.toThrow(InputError);
    }
    await ledger.append(answer('a'));
    await expect(ledger.append(undo('u', 'a', 'human/annotator-2'))).rejects.toThrow(
      /is an answer of human\/annotator-1/,
    );
    expect(await ledger.entries()).toHaveLength(1);
    await ledger.close();
  });

  it('filters by annotator and by dataset, undos with what they take back', async () => {
    const ledger = await openLedger(await kind.fresh());
    const elsewhere = answer('b').query.items.map((item) => ({ ...item, dataset: 'ds-2' }));
    await ledger.append(answer('a'));
    await ledger.append(answer('b', { annotator: 'human/annotator-2', query: { id: 'q-b', items: elsewhere } }));
    await ledger.append(undo('undo-b', 'b', 'human/annotator-2'));
    await ledger.append(undo('undo-a', 'a'));
    const ids = async (filter: Parameters<typeof ledger.entries>[0]) =>
      (await ledger.entries(filter)).map((entry) => entry.id);
    expect(await ids({ annotator: 'human/annotator-1' })).toEqual(['a', 'undo-a']);
    expect(await ids({ dataset: 'ds-2' })).toEqual(['b', 'undo-b']);
    expect(await ids({ dataset: 'ds-2', annotator: 'human/annotator-1' })).toEqual([]);
    await ledger.close();
  });

  it('refuses updates and deletions made behind its back', async () => {
    const place = await kind.fresh();
    const ledger = await openLedger(place);
    await ledger.append(answer('a'));
    await ledger.close();
    for (const sql of [
      `UPDATE rapport.ledger_entries SET annotator = 'human/annotator-2'`,
      'DELETE FROM rapport.ledger_entries',
      'TRUNCATE rapport.ledger_entries',
    ]) {
      await expect(kind.execute(place, sql)).rejects.toThrow(/append-only: (UPDATE|DELETE|TRUNCATE) refused/);
    }
    const again = await openLedger(place);
    expect(await again.entries()).toEqual([answer('a')]);
    await again.close();
  });

  it('brings a ledger of version 1 up to date with every entry in it', async () => {
    const place = await kind.fresh();
    const first = await openLedger(place);
    await first.append(answer('old'));
    await first.close();
    await kind.execute(place, 'UPDATE rapport.ledger_schema SET version = 1');
    const annotated = answer('new', { annotation: { strength: 1 } });
    const second = await openLedger(place);
    await second.append(annotated);
    await second.close();
    const third = await openLedger(place);
    expect(await third.entries()).toEqual([answer('old'), annotated]);
    await third.close();
    const stored = kind.execute(place, 'DO $$ BEGIN ASSERT (SELECT version FROM rapport.ledger_schema) = 2; END $$');
    await expect(stored).resolves.toBeUndefined();
  });

  it('refuses a ledger of a newer version and a damaged entry', async () => {
    const place = await kind.fresh();
    await (await openLedger(place)).close();
    await kind.execute(
      place,
      `INSERT INTO rapport.ledger_entries (id, kind, annotator, entry) VALUES ('x', 'feedback', 'a', '{"kind":"undo"}')`,
    );
    const damaged = await openLedger(place);
    await expect(damaged.entries()).rejects.toThrow(CorruptDataError);
    await expect(damaged.entries()).rejects.toThrow(/entry 1 is malformed: id/);
    await damaged.close();

    await kind.execute(place, 'UPDATE rapport.ledger_schema SET version = 3');
    const newer = openLedger(place);
    await expect(newer).rejects.toThrow(CorruptDataError);
    await expect(newer).rejects.toThrow(/has schema version 3; this Rapport reads version 2/);
  });
}
