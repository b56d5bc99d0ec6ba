import type { Rgb } from '@rapport/core';

/** A colour of X-Magical's palette with the two shades that are made of it. */
export interface PaletteColour {
  readonly base: Rgb;
  /** HLS lightness times 0.9: outlines of blocks and robot. */
  readonly dark: Rgb;
  /** HLS lightness 1 - (1 - L) / 1.4^2: the inside of a goal. */
  readonly light: Rgb;
}

/** X-Magical's colours (its `style.py`), as 8-bit values. */
export const blockColours = {
  red: { base: [245, 129, 165], dark: [243, 94, 141], light: [250, 190, 209] },
  blue: { base: [135, 185, 211], dark: [110, 170, 202], light: [194, 219, 233] },
  yellow: { base: [254, 213, 123], dark: [254, 201, 86], light: [254, 234, 188] },
  green: { base: [195, 208, 130], dark: [183, 198, 105], light: [224, 231, 191] },
} as const satisfies Record<string, PaletteColour>;

/** A colour that blocks and the goal can have. */
export type BlockColour = keyof typeof blockColours;

/** Robot, arena outline and the ground outside. */
export const grey = { base: [162, 163, 175], dark: [144, 145, 159], pale: [231, 231, 234] } as const;
export const white: Rgb = [255, 255, 255];
export const pupil: Rgb = [26, 26, 26];
