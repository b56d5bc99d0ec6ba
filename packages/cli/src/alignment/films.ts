import { recordEpisode, throwIfAborted, type WorkOptions } from '@rapport/core';
import { evaluationSeeds, openPolicy } from '@rapport/policy';
import { makeEnv } from '@rapport/sim';
import { escapeHtml } from '../report/page.js';
import { filmStrip } from '../report/pictures.js';

/** Starts that are filmed, pictures of each, and their side in pixels. */
const FILMS = { starts: 4, pictures: 8, side: 96 };

/** A film strip of a policy. */
export interface Film {
  readonly policy: string;
  readonly caption: string;
  /** Data URI. */
  readonly strip: string;
}

/** Films of one start, one of each policy. */
export interface StartFilms {
  readonly start: number;
  readonly films: readonly Film[];
}

/** Films policies on the same held-out starts; none where the environment has no camera. */
export async function filmPolicies(
  envId: string,
  policies: readonly { readonly title: string; readonly folder: string }[],
  starts: number,
  work: WorkOptions,
): Promise<StartFilms[]> {
  const env = await makeEnv(envId);
  const camera = env.spec.cameras[0];
  const seeds = camera === undefined ? [] : evaluationSeeds(Math.min(FILMS.starts, starts));
  const films: StartFilms[] = seeds.map((_, start) => ({ start, films: [] }));
  try {
    for (const { title, folder } of policies) {
      const { policy } = await openPolicy(folder);
      for (const [start, seed] of seeds.entries()) {
        throwIfAborted(work.signal);
        const cameras = [{ camera: camera!, width: FILMS.side, height: FILMS.side }];
        const { episode, privileged } = await recordEpisode(env, policy, { seed, cameras });
        const way = privileged.way === undefined ? '' : `${privileged.way.name}, `;
        const film: Film = {
          policy: title,
          caption: `${way}${privileged.success ? 'success' : 'failure'}, ${(episode.length / env.spec.controlHz).toFixed(1)} s`,
          strip: filmStrip(episode.frames[0]!, episode.length, FILMS.pictures),
        };
        films[start] = { start, films: [...films[start]!.films, film] };
      }
      await policy.close();
    }
  } finally {
    env.close();
  }
  return films;
}

/** The films of each start below each other. */
export function filmFigures(starts: readonly StartFilms[]): string {
  return starts
    .map(({ start, films }) => {
      const figures = films.map(
        ({ policy, caption, strip }) =>
          `<figure class="strip"><figcaption><b>${escapeHtml(policy)}</b>: ${escapeHtml(caption)}</figcaption><img src="${strip}" alt="Frames of ${escapeHtml(policy)} on start ${start + 1}, first to last"></figure>`,
      );
      return `<h3>Start ${start + 1}</h3>\n${figures.join('\n')}`;
    })
    .join('\n');
}
