import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError, type Query, UnavailableError } from '@rapport/core';
import { type ClipSource, growingDatasetClips, queryStream, startViewer, type Viewer } from '@rapport/viewer';
import { unpack } from 'msgpackr';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { buildPage, openWorkplace, type Workplace } from './browser/desk.js';
import { beginRollouts, secretScore } from './browser/rollouts.js';

interface Reply {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A page without a page: sends what it is told and remembers what it hears. */
class Client {
  readonly heard: Reply[] = [];
  readonly bytes: Buffer[] = [];
  readonly #socket: WebSocket;
  #listeners: (() => void)[] = [];

  constructor(viewer: Viewer, options: { origin?: string; token?: string } = {}) {
    const query = options.token === undefined ? '' : `?token=${options.token}`;
    this.#socket = new WebSocket(`ws://127.0.0.1:${viewer.port}/socket${query}`, {
      ...(options.origin !== undefined && { origin: options.origin }),
    });
    this.#socket.on('message', (data: Buffer) => {
      this.bytes.push(data);
      this.heard.push(unpack(data) as Reply);
      for (const listener of this.#listeners) listener();
    });
  }

  /** Resolves with undefined once open, or with the HTTP status of the refusal. */
  opened(): Promise<number | undefined> {
    return new Promise((resolve) => {
      this.#socket.once('open', () => resolve(undefined));
      this.#socket.once('unexpected-response', (_request, response) => resolve(response.statusCode));
      this.#socket.on('error', () => {});
    });
  }

  send(message: object | string | Buffer): void {
    const isRaw = typeof message === 'string' || Buffer.isBuffer(message);
    this.#socket.send(isRaw ? message : JSON.stringify(message));
  }

  /** The first message of one of these types after those that an earlier call returned. */
  async next(...types: string[]): Promise<Reply> {
    for (;;) {
      const index = this.heard.findIndex((reply) => types.includes(reply.type));
      if (index >= 0) return this.heard.splice(index, 1)[0]!;
      await new Promise<void>((resolve) => {
        this.#listeners.push(resolve);
      });
      this.#listeners = [];
    }
  }

  hello(annotator: string): void {
    this.send({ type: 'hello', protocol: 3, annotator, held: [] });
  }

  /** Comes when the server has hung up, after everything that it sent. */
  hungUp(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#socket.readyState === WebSocket.CLOSED) resolve();
      this.#socket.once('close', () => resolve());
    });
  }

  close(): void {
    this.#socket.terminate();
  }
}

const answer = (query: unknown, entry: string = randomUUID()) => ({
  type: 'answer',
  entry,
  query,
  value: { kind: 'ranking', ranks: [0, 1, 2] },
  shownAtMs: 1,
  answeredAtMs: 2,
  replays: [1, 1, 1],
});

let work: Workplace;
const open: { close(): unknown }[] = [];
beforeAll(async () => {
  await buildPage();
  work = await openWorkplace();
});
afterEach(async () => {
  for (const thing of open.splice(0).reverse()) await thing.close();
});
afterAll(() => work?.close());

async function serve(...options: Parameters<Workplace['serve']>): Promise<Viewer> {
  const viewer = await work.serve(...options);
  open.push(viewer);
  return viewer;
}

async function connect(viewer: Viewer): Promise<Client> {
  const client = new Client(viewer);
  open.push(client);
  expect(await client.opened()).toBeUndefined();
  return client;
}

it('answers malformed, oversized and out-of-order messages with an error and goes on for everybody', async () => {
  const queries = work.makeQueries(3);
  const viewer = await serve(queries);
  const good = await connect(viewer);
  good.hello('good');
  const query = await good.next('query');
  const bad = await connect(viewer);
  // An array of four billion entries in five bytes, which a MessagePack reader might try to make.
  const hugeArray = Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]);
  const wrong: [object | string | Buffer, string][] = [
    ['no json', 'malformed'],
    ['null', 'malformed'],
    ['[[[[[[', 'malformed'],
    [hugeArray, 'malformed'],
    [{ type: 'format-disk' }, 'malformed'],
    [`"${'x'.repeat(20_000)}"`, 'oversized'],
    [answer(query.query), 'out-of-order'],
    [{ type: 'hello', protocol: 1, annotator: 'bad', held: [] }, 'malformed'],
    [{ type: 'hello', protocol: 3, annotator: '../bad\n', held: [] }, 'malformed'],
    [{ type: 'hello', protocol: 3, annotator: 'bad', held: [], role: 'admin' }, 'malformed'],
  ];
  for (const [message, code] of wrong) {
    bad.send(message);
    expect(await bad.next('error')).toMatchObject({ code });
  }

  bad.hello('bad');
  const mine = await bad.next('query');
  const afterHello: [object, string][] = [
    [{ type: 'hello', protocol: 3, annotator: 'bad', held: [] }, 'out-of-order'],
    [answer(query.query), 'out-of-order'],
    [answer('no such query'), 'unknown-query'],
    [{ ...answer(mine.query), entry: 'not a uuid' }, 'malformed'],
    [{ ...answer(mine.query), value: { kind: 'ranking', ranks: [0, 2, 2] } }, 'malformed'],
    [{ ...answer(mine.query), value: { kind: 'ranking', ranks: [0, 1] } }, 'malformed'],
    [{ ...answer(mine.query), answeredAtMs: 0 }, 'malformed'],
    [{ ...answer(mine.query), replays: [1, 1] }, 'malformed'],
    [{ type: 'undo', entry: randomUUID(), undoes: randomUUID(), atMs: 1 }, 'out-of-order'],
    [{ type: 'pictures', query: query.query, place: 0, camera: 0 }, 'out-of-order'],
    [{ type: 'pictures', query: mine.query, place: 3, camera: 0 }, 'out-of-order'],
    [{ type: 'pictures', query: mine.query, place: 0, camera: 1 }, 'refused'],
    [{ ...answer(mine.query), annotation: { windows: [[0, 3]] } }, 'malformed'],
    [{ ...answer(mine.query), annotation: { windows: [null, [0, 3]] } }, 'malformed'],
    [{ ...answer(mine.query), annotation: { windows: [null, null, [39, 41]] } }, 'refused'],
    [{ ...answer(mine.query), annotation: { strength: 4 } }, 'malformed'],
    [{ ...answer(mine.query), value: { kind: 'skip' }, annotation: { strength: 1 } }, 'refused'],
  ];
  for (const [message, code] of afterHello) {
    bad.send(message);
    expect(await bad.next('error')).toMatchObject({ code });
  }
  // Beyond a megabyte the message is not even read.
  bad.send('x'.repeat(2_000_000));

  good.send(answer(query.query));
  expect(await good.next('acknowledged')).toBeDefined();
  const stored = await work.answersTo(queries);
  expect(stored.map(({ annotator }) => annotator)).toEqual(['human/good']);
});

it('stores an answer once however often it is sent, and refuses its id for another', async () => {
  const queries = work.makeQueries(2);
  const viewer = await serve(queries);
  const client = await connect(viewer);
  client.hello('twice');
  const [first, second] = [await client.next('query'), await client.next('query')];
  const entry = randomUUID();
  for (let time = 0; time < 3; time++) client.send(answer(first.query, entry));
  for (let time = 0; time < 3; time++) expect(await client.next('acknowledged')).toMatchObject({ entry });
  client.send(answer(second.query, entry));
  expect(await client.next('error')).toMatchObject({ code: 'refused', entry });
  expect((await work.answersTo(queries)).map(({ id }) => id)).toEqual([entry]);
});

it('never gives two connected people the same query, at whatever pace they answer', async () => {
  const queries = work.makeQueries(40);
  const viewer = await serve(queries);
  const given = new Map<unknown, string>();
  const run = async (name: string) => {
    const client = await connect(viewer);
    client.hello(name);
    // Somebody faster answers more, and a page holds queries ahead: only the end of all queries ends the work.
    for (;;) {
      const { type, reason, query } = await client.next('query', 'idle');
      if (reason === 'finished') return;
      if (type === 'idle') continue;
      expect(given.has(query)).toBe(false);
      given.set(query, name);
      client.send(answer(query));
      await client.next('acknowledged');
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(run));
  const answers = await work.answersTo(queries);
  expect(answers).toHaveLength(40);
  for (const { query, annotator } of answers) expect(annotator).toBe(`human/${given.get(query.id)}`);
});

it('serves rollouts as they are recorded, to the end of their stream', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'rapport-growing-'));
  open.push({ close: () => rm(folder, { recursive: true, force: true }) });
  const { record, finalize } = await beginRollouts(folder);
  const stream = queryStream();
  const viewer = await startViewer({
    source: growingDatasetClips(folder),
    ledger: work.ledger,
    queries: stream,
    port: 0,
  });
  open.push(viewer);
  const client = await connect(viewer);
  client.hello('early');
  expect(await client.next('idle')).toMatchObject({ reason: 'coming' });
  const queries: Query[] = [];
  for (let number = 0; number < 2; number++) {
    const episodes = [await record(2 * number), await record(2 * number + 1)];
    if (number === 1) await finalize();
    const items = episodes.map((episode) => ({ dataset: 'arena', episode, start: 0, end: 40 }));
    queries.push({ id: `arriving/${number}`, items });
    stream.push(queries[number]!);
    const { query, clips } = await client.next('query');
    expect(query).toBe(`arriving/${number}`);
    expect(clips).toMatchObject([{ frames: 40 }, { frames: 40 }]);
    client.send({ ...answer(`arriving/${number}`), value: { kind: 'ranking', ranks: [1, 0] }, replays: [1, 1] });
    await client.next('acknowledged');
  }
  const counts = client.heard.filter(({ type }) => type === 'progress');
  expect(counts.at(-1)).toMatchObject({ isGrowing: true });
  stream.end();
  // Whoever waits for more is told that there is none, even when the command closes the page at once.
  await viewer.finished;
  await viewer.close();
  await client.hungUp();
  expect(client.heard.findLast(({ type }) => type === 'idle')).toMatchObject({ reason: 'finished' });
  expect((await work.answersTo(queries)).map(({ query }) => query.id)).toEqual(['arriving/0', 'arriving/1']);
});

it('sends a scene once, however many clips and queries show it', async () => {
  const queries = work.makeQueries(3);
  const viewer = await serve(queries);
  const client = await connect(viewer);
  client.hello('onlooker');
  for (let count = 0; count < 3; count++) {
    const { query, clips } = await client.next('query');
    expect(clips).toMatchObject([{ redraw: { scene: 0 } }, { redraw: { scene: 0 } }, { redraw: { scene: 0 } }]);
    client.send(answer(query));
  }
  await viewer.finished;
  expect(client.heard.filter(({ type }) => type === 'scene')).toHaveLength(1);
});

it('takes answers while pictures are on their way, sends none twice, and says when they cannot be read', async () => {
  const queries = work.makeQueries(3);
  let release = (): void => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let reads = 0;
  const source: ClipSource = {
    clip: async () => ({ frames: 1, fps: 1, redraw: null, cameras: ['front', 'broken'], events: [] }),
    pictures: async (_clip, camera) => {
      reads += 1;
      await gate;
      if (camera === 'broken') throw new InputError('the pictures are gone');
      return [Uint8Array.of(1)];
    },
  };
  const viewer = await serve(queries, { source });
  const client = await connect(viewer);
  client.hello('quick');
  const [first, second] = [await client.next('query'), await client.next('query')];
  for (const query of [first.query, second.query, second.query]) {
    client.send({ type: 'pictures', query, place: 0, camera: 0 });
  }
  client.send({ type: 'pictures', query: second.query, place: 0, camera: 1 });
  client.send(answer(first.query));
  expect(await client.next('acknowledged', 'pictures')).toMatchObject({ type: 'acknowledged' });
  release();
  // The reading of the answered query's pictures had begun; that of the open one's comes once.
  expect([await client.next('pictures'), await client.next('pictures')]).toMatchObject([
    { query: first.query },
    { query: second.query, camera: 0 },
  ]);
  expect(await client.next('error')).toMatchObject({
    code: 'unreadable-clip',
    message: 'pictures of place 1 cannot be read: the pictures are gone',
  });
  expect(reads).toBe(3);
});

it('keeps the scores, the policies and the order of the items from the page', async () => {
  const viewer = await serve(work.makeQueries(1));
  const client = await connect(viewer);
  client.hello('curious');
  const { query } = await client.next('query');
  expect(client.heard.some(({ type }) => type === 'scene')).toBe(true);
  client.send({ type: 'pictures', query, place: 0, camera: 0 });
  const pictures = await client.next('pictures');
  expect((pictures.frames as Uint8Array[])[0]!.subarray(1, 4).toString()).toBe('PNG');
  const everything = Buffer.concat(client.bytes);
  for (let episode = 0; episode < 12; episode++) {
    const score = Math.fround(secretScore(episode));
    const asBytes = [Buffer.alloc(4), Buffer.alloc(4), Buffer.alloc(8)] as const;
    asBytes[0].writeFloatLE(score);
    asBytes[1].writeFloatBE(score);
    asBytes[2].writeDoubleBE(score);
    for (const bytes of asBytes) expect(everything.includes(bytes)).toBe(false);
  }
  for (const word of ['score', 'success', 'scripted', 'policy', 'episode']) {
    expect(everything.includes(word), word).toBe(false);
  }
});

it('refuses foreign origins, foreign host names and a missing or wrong token', async () => {
  const queries = work.makeQueries(1);
  const token = 'a-token-of-some-length';
  const [viewer, guarded] = [await serve(queries), await serve(queries, { token })];
  const status = async (target: Viewer, options: { origin?: string; token?: string }) => {
    const client = new Client(target, options);
    open.push(client);
    return client.opened();
  };
  expect(await status(viewer, { origin: 'http://evil.example' })).toBe(403);
  expect(await status(viewer, { origin: 'null' })).toBe(403);
  expect(await status(viewer, { origin: `http://127.0.0.1:${viewer.port + 1}` })).toBe(403);
  expect(await status(viewer, { origin: `http://127.0.0.1:${viewer.port}` })).toBeUndefined();
  expect(await status(guarded, {})).toBe(401);
  expect(await status(guarded, { token: 'a-token-of-same-length' })).toBe(401);
  expect(await status(guarded, { token })).toBeUndefined();
  expect(guarded.url).toContain(`?token=${token}`);

  const get = (path: string, host: string) =>
    new Promise<{ status: number | undefined; policy: unknown }>((resolve, reject) => {
      request({ port: viewer.port, path, headers: { host } }, (response) => {
        response.resume();
        resolve({ status: response.statusCode, policy: response.headers['content-security-policy'] });
      })
        .on('error', reject)
        .end();
    });
  expect((await get('/', `127.0.0.1:${viewer.port}`)).status).toBe(200);
  expect((await get('/', `rebound.example:${viewer.port}`)).status).toBe(421);
  expect((await get('/../../package.json', 'localhost')).status).toBe(404);
  expect((await get('/%2e%2e/package.json', 'localhost')).status).toBe(404);
  expect((await get('/', 'localhost')).policy).toContain("default-src 'none'");
});

it('names a busy port, a host without token and a short token, and how to go on', async () => {
  const queries = work.makeQueries(1);
  const { port } = await serve(queries);
  const busy = await work.serve(queries, { port }).catch((error: unknown) => error);
  expect(busy).toBeInstanceOf(UnavailableError);
  expect(busy).toMatchObject({
    message: `port ${port} on 127.0.0.1 is in use by another program`,
    fix: 'choose another port, or port 0 for any free one',
  });
  const reachable = await work.serve(queries, { host: '0.0.0.0' }).catch((error: unknown) => error);
  expect(reachable).toBeInstanceOf(InputError);
  expect(String(reachable)).toContain('host 0.0.0.0 can be reached from other machines, and there is no token');
  await expect(work.serve(queries, { token: 'short' })).rejects.toThrow('the token has 5 characters');
});
