import type { ClipReference } from '@rapport/core';
import type { PicturesWantedMessage, SentMessage } from '../protocol/index.js';
import type { ClipSource } from './clips.js';
import { ProtocolError } from './protocol-error.js';

/** A query on a page: its clips by place, and which pictures of them were asked for. */
export class GivenQuery {
  readonly asked = new Set<string>();

  constructor(
    readonly clips: readonly {
      readonly reference: ClipReference;
      readonly frames: number;
      readonly cameras: readonly string[];
    }[],
  ) {}
}

/** Pictures per message, so that other people's messages get their turn between. */
const picturesPerMessage = 16;

/**
 * Sends recorded pictures to one page, one camera after another. They take their time: the page's answers, and the queries
 * after them, do not wait for them.
 */
export class PictureSender {
  readonly #source: ClipSource;
  readonly #send: (message: SentMessage) => Promise<void>;
  readonly #onProblem: ((error: unknown) => void) | undefined;
  #work = Promise.resolve();

  constructor(
    source: ClipSource,
    send: (message: SentMessage) => Promise<void>,
    onProblem: ((error: unknown) => void) | undefined,
  ) {
    this.#source = source;
    this.#send = send;
    this.#onProblem = onProblem;
  }

  /**
   * Queues the pictures of one camera of a clip; those asked for already are not sent twice.
   * @param isWanted asked before every message, so that nothing is sent about a query that was answered meanwhile
   * @throws ProtocolError when the query has no such place or camera
   */
  add({ query, place, camera }: PicturesWantedMessage, given: GivenQuery, isWanted: () => boolean): void {
    const clip = given.clips[place];
    if (clip === undefined) throw new ProtocolError('out-of-order', `query ${query} has no place ${place}`);
    const name = clip.cameras[camera];
    if (name === undefined) {
      throw new ProtocolError('refused', `place ${place} of query ${query} has no pictures of camera ${camera}`);
    }
    const key = `${place}/${camera}`;
    if (given.asked.has(key)) return;
    given.asked.add(key);
    const sendAll = async () => {
      for (let from = 0; from < clip.frames && isWanted(); from += picturesPerMessage) {
        const to = Math.min(clip.frames, from + picturesPerMessage);
        const frames = await this.#source.pictures(clip.reference, name, from, to);
        await this.#send({ type: 'pictures', query, place, camera, from, frames });
      }
    };
    this.#work = this.#work.then(sendAll).catch(async (error: unknown) => {
      this.#onProblem?.(error);
      const reason = error instanceof Error ? error.message : String(error);
      const message = `pictures of place ${place + 1} cannot be read: ${reason}`;
      await this.#send({ type: 'error', code: 'unreadable-clip', message, entry: null });
    });
  }
}
