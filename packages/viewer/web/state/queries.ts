import type { Scene } from '@rapport/core';
import type { ClipMessage, QueryMessage, ServerMessage } from '../../protocol/index.js';

/** A clip whose scene is at hand. */
export type OpenClip = Omit<ClipMessage, 'redraw'> & {
  readonly redraw: { readonly scene: Scene; readonly poses: Uint8Array } | null;
};

export type OpenQuery = Omit<QueryMessage, 'clips'> & { readonly clips: readonly OpenClip[] };

/** Scenes by the numbers that this connection gives them. */
export class Scenes {
  readonly #scenes = new Map<number, Scene>();

  add({ scene, content }: Extract<ServerMessage, { type: 'scene' }>): void {
    this.#scenes.set(scene, content);
  }

  /** Replaces the numbers of scenes by the scenes, because another connection will number them anew. */
  open(query: QueryMessage): OpenQuery {
    const clips = query.clips.map(({ redraw, ...clip }): OpenClip => {
      const scene = redraw === null ? undefined : this.#scenes.get(redraw.scene);
      // A scene comes before the first query that shows it; without it the pictures are left.
      return { ...clip, redraw: scene === undefined ? null : { scene, poses: redraw!.poses } };
    });
    return { ...query, clips };
  }
}
