import { type FrameStack, type PrivilegedTrack, recordEpisode, throwIfAborted, type WorkOptions } from '@rapport/core';
import { openPrivilegedDataset } from '@rapport/data';
import { evaluationSeeds, openPolicy } from '@rapport/policy';
import { type MakeOptions, makeEnv } from '@rapport/sim';
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
  make: MakeOptions = {},
): Promise<StartFilms[]> {
  const env = await makeEnv(envId, make);
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
        const caption = `${outcome(privileged)}, ${seconds(episode.length, env.spec.controlHz)}`;
        films[start] = { start, films: [...films[start]!.films, makeFilm(title, caption, episode.frames[0]!)] };
      }
      await policy.close();
    }
  } finally {
    env.close();
  }
  return films;
}

/**
 * Films from the pictures of recorded held-out rollouts, in their order; none where nothing was pictured.
 * @param isJudged whether the recording knows how they went
 */
export async function filmRecording(
  directory: string,
  title: string,
  starts: number,
  isJudged: boolean,
): Promise<Film[]> {
  const { dataset, readPrivileged } = await openPrivilegedDataset(directory);
  const camera = dataset.cameras[0]?.camera;
  if (camera === undefined) return [];
  const films: Film[] = [];
  for (const { index, length, stopped } of dataset.episodes.slice(0, Math.min(FILMS.starts, starts))) {
    const parts = [
      ...(isJudged ? [outcome(await readPrivileged(index))] : []),
      seconds(length, dataset.info.fps),
      ...(stopped === undefined ? [] : [stopped]),
    ];
    films.push(makeFilm(title, parts.join(', '), await dataset.readFrames(index, camera)));
  }
  return films;
}

function makeFilm(policy: string, caption: string, frames: FrameStack): Film {
  const length = frames.data.length / (frames.width * frames.height * 3);
  return { policy, caption, strip: filmStrip(frames, length, FILMS.pictures) };
}

function outcome({ way, success }: Pick<PrivilegedTrack, 'way' | 'success'>): string {
  return `${way === undefined ? '' : `${way.name}, `}${success ? 'success' : 'failure'}`;
}

function seconds(length: number, hertz: number): string {
  return `${(length / hertz).toFixed(1)} s`;
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
