import type { Query, RandomStream, Scene } from '@rapport/core';
import type { PicturesWantedMessage, SentMessage } from '../protocol/index.js';
import { screenOrder } from './answers.js';
import type { ClipSource } from './clips.js';
import { GivenQuery, PictureSender } from './picture-sender.js';
import type { QueryPool } from './pool.js';
import { ProtocolError } from './protocol-error.js';
import { littleEndianBytes, sentScene } from './wire.js';

/** One connected page. */
export interface Visitor {
  /** Resolves when the message has left this process, so that long replies wait for a slow line. */
  send(message: SentMessage): Promise<void>;
  end(code: number, reason: string): void;
}

/** What a seat hands out, and where it says what went wrong. */
export interface SeatOptions {
  readonly pool: QueryPool;
  readonly clips: ClipSource;
  /** Screen orders are drawn from it. */
  readonly random: RandomStream;
  readonly onProblem: ((error: unknown) => void) | undefined;
  /** A query was left out: it may have been the last. */
  readonly onWithdrawn: () => void;
}

/** The open query and one ahead. */
const queriesAhead = 2;

/** An annotator with a connection, or within the grace time after it: hands queries and their pictures to one page. */
export class Seat {
  /** Undefined when the page is gone. */
  visitor: Visitor | undefined;
  /** Whether the page could take another query. */
  isIdle = false;
  /** Ends the grace time. */
  leaving: ReturnType<typeof setTimeout> | undefined;
  readonly #options: SeatOptions;
  /** Queries that the page of this connection has and has not answered. */
  readonly #given = new Map<string, GivenQuery>();
  /** Scenes that the page of this connection has, by their numbers there. */
  readonly #scenes = new Map<Scene, number>();
  readonly #pictures: PictureSender;
  #serving: Promise<void> = Promise.resolve();

  constructor(
    readonly annotator: string,
    visitor: Visitor,
    options: SeatOptions,
  ) {
    this.visitor = visitor;
    this.#options = options;
    this.#pictures = new PictureSender(options.clips, (message) => visitor.send(message), options.onProblem);
  }

  /** Fills the page up to the open query and one ahead; calls are worked off one after another. */
  serve(): Promise<void> {
    this.#serving = this.#serving.then(() => this.#fill());
    return this.#serving;
  }

  /** Sends a query; one whose clips cannot be read is withdrawn, as nobody can answer it. */
  async give(query: Query, order: 'first' | 'last'): Promise<void> {
    const { clips, pool, random, onProblem, onWithdrawn } = this.#options;
    try {
      const places = screenOrder(random, query, this.annotator);
      const served = await Promise.all(places.map((item) => clips.clip(query.items[item]!)));
      const onPage = served.map(({ frames, cameras }, place) => {
        return { reference: query.items[places[place]!]!, frames, cameras };
      });
      this.#given.set(query.id, new GivenQuery(onPage));
      for (const { redraw } of served) if (redraw !== null) await this.#giveScene(redraw.scene);
      await this.visitor?.send({
        type: 'query',
        query: query.id,
        order,
        clips: served.map(({ frames, fps, redraw, cameras, events }) => ({
          frames,
          fps,
          redraw: redraw && { scene: this.#scenes.get(redraw.scene)!, poses: littleEndianBytes(redraw.poses) },
          cameras: [...cameras],
          events: [...events],
        })),
      });
    } catch (error) {
      pool.withdraw(query.id);
      onProblem?.(error);
      const message = `query ${query.id} is left out: ${error instanceof Error ? error.message : String(error)}`;
      await this.visitor?.send({ type: 'error', code: 'unreadable-clip', message, entry: null });
      onWithdrawn();
    }
  }

  /** The page has answered the query, and has it no more. */
  takeBack(queryId: string): void {
    this.#given.delete(queryId);
  }

  /** @throws ProtocolError when the page does not have that query or camera */
  sendPictures(message: PicturesWantedMessage): void {
    const { visitor } = this;
    const given = this.#given.get(message.query);
    if (given === undefined) throw new ProtocolError('out-of-order', `query ${message.query} is not open at you`);
    this.#pictures.add(message, given, () => this.visitor === visitor && this.#given.get(message.query) === given);
  }

  async #fill(): Promise<void> {
    const { pool } = this.#options;
    const waiting = pool.heldBy(this.annotator).filter((query) => !this.#given.has(query.id));
    while (this.visitor !== undefined && this.#given.size < queriesAhead) {
      const query = waiting.shift() ?? (await pool.take(this.annotator));
      if (query === undefined) break;
      await this.give(query, 'last');
    }
    this.isIdle = this.#given.size < queriesAhead;
    if (this.#given.size > 0) return;
    const reason = pool.isFinished ? 'finished' : pool.isWaiting ? 'coming' : 'others';
    await this.visitor?.send({ type: 'idle', reason });
  }

  async #giveScene(scene: Scene): Promise<void> {
    if (this.#scenes.has(scene)) return;
    const number = this.#scenes.size;
    this.#scenes.set(scene, number);
    await this.visitor?.send({ type: 'scene', scene: number, content: sentScene(scene) });
  }
}
