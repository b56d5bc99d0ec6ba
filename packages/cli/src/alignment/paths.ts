import type { BoxSpace, Episode } from '@rapport/core';
import { spaceSize } from '@rapport/core';
import { escapeHtml } from '../report/page.js';

/** Where something observed was during an episode, in metres. */
export interface ObservedPath {
  readonly seed: number;
  /** Horizontal and vertical coordinate of each step in a view. */
  readonly points: readonly (readonly [number, number])[];
}

/** Two observed numbers that make a picture: what moves, seen from above or from the side. */
export interface PathView {
  /** For example `tcp from above`. */
  readonly title: string;
  /** Places in the observation. */
  readonly columns: readonly [number, number];
}

/** Names of what acts, as environments observe it: the tool of an arm, the robot of an arena. */
const ACTORS = ['tcp', 'tool', 'robot', 'agent'];

/**
 * Views of what acts that an observation allows, by the names of its entries: `tcp_x`, `tcp_y`, `tcp_z` give one from above
 * and one from the side; none when no position is observed.
 */
export function pathViews(space: BoxSpace): PathView[] {
  const columnOf = (name: string) => space.entries.findIndex((entry) => entry.name === name);
  for (const actor of ACTORS) {
    const [x, y, z] = ['x', 'y', 'z'].map((axis) => columnOf(`${actor}_${axis}`));
    if (x! < 0 || y! < 0) continue;
    const above: PathView = { title: `${actor} from above`, columns: [x!, y!] };
    return z! < 0 ? [above] : [above, { title: `${actor} from the side`, columns: [x!, z!] }];
  }
  return [];
}

/** The path of an episode in a view. */
export function observedPath(episode: Episode, space: BoxSpace, { columns }: PathView): ObservedPath {
  const width = spaceSize(space);
  const points = Array.from(
    { length: episode.length + 1 },
    (_, step) =>
      [episode.observations[step * width + columns[0]]!, episode.observations[step * width + columns[1]]!] as const,
  );
  return { seed: episode.seed, points };
}

/** Paths of one policy in a picture. */
export interface PathGroup {
  readonly name: string;
  readonly colour: string;
  readonly paths: readonly ObservedPath[];
}

const SIDE = 320;
const MARGIN = 14;

/** Paths of policies over each other, to one scale, with a dot at every end; an SVG picture that needs nothing else. */
export function pathPicture({ title }: PathView, groups: readonly PathGroup[]): string {
  const points = groups.flatMap(({ paths }) => paths.flatMap((path) => path.points));
  const [left, right] = [Math.min(...points.map(([x]) => x)), Math.max(...points.map(([x]) => x))];
  const [low, high] = [Math.min(...points.map(([, y]) => y)), Math.max(...points.map(([, y]) => y))];
  const scale = (SIDE - 2 * MARGIN) / Math.max(right - left, high - low, 1e-9);
  const column = (x: number) => (MARGIN + scale * (x - left)).toFixed(1);
  const row = (y: number) => (SIDE - MARGIN - scale * (y - low)).toFixed(1);
  const lines = groups.flatMap(({ colour, paths }) =>
    paths.map(({ points: path }) => {
      const [x, y] = path.at(-1)!;
      const line = path.map((point) => `${column(point[0])},${row(point[1])}`).join(' ');
      return `<polyline points="${line}" fill="none" stroke="${colour}" stroke-opacity="0.45"/><circle cx="${column(x)}" cy="${row(y)}" r="3" fill="${colour}"/>`;
    }),
  );
  const legend = groups.map(
    ({ name, colour }, index) =>
      `<rect x="${MARGIN + 150 * index}" y="${SIDE + 4}" width="10" height="10" fill="${colour}"/><text x="${MARGIN + 15 + 150 * index}" y="${SIDE + 13}">${escapeHtml(name)}</text>`,
  );
  const bar = Number((0.25 * Math.max(right - left, high - low, 1e-9)).toPrecision(1));
  const length = (scale * bar).toFixed(1);
  const ruler = `<line x1="${MARGIN}" x2="${(MARGIN + Number(length)).toFixed(1)}" y1="${SIDE - 2}" y2="${SIDE - 2}" stroke="currentColor"/><text x="${MARGIN}" y="${SIDE - 6}">${bar} m</text>`;
  return `<figure class="plan"><svg viewBox="0 0 ${SIDE} ${SIDE + 20}" font-size="11" fill="currentColor" role="img" aria-label="${escapeHtml(`Paths: ${title}`)}">${lines.join('')}${ruler}${legend.join('')}</svg><figcaption>${escapeHtml(title)}; dots are ends</figcaption></figure>`;
}
