import { describe, expect, it } from 'vitest';
import { NumpyRandomState } from './random-state.js';

// Every expected number was printed by NumPy 2.4.6's RandomState.
const layoutColumns = [-0.8, -0.32000000000000006, 0.15999999999999992, 0.6399999999999999];

describe('NumpyRandomState', () => {
  it.each([
    [0, 0.22928810235639482, [2, 3, 0]],
    [1, 0.1502132028215444, [2, 1, 3]],
    [2, 0.16159694128520222, [3, 2, 0]],
    [3, 0.23047874154474526, [3, 2, 0]],
    [4, 0.480217903408206, [0, 2, 1]],
    [5, 0.03319590265384367, [2, 0, 1]],
    [6, 0.435716090861601, [1, 2, 0]],
    [7, -0.054215026375625704, [0, 3, 2]],
  ])('draws the first TestLayout of seed %i', (seed, y, columns) => {
    const random = new NumpyRandomState(seed);
    expect(random.uniform(-0.1, 0.5)).toBe(y);
    expect(random.sample(layoutColumns, 3)).toEqual(columns.map((column) => layoutColumns[column]));
  });

  it.each([
    {
      seed: 0,
      uniforms: [4.462271059032847, 1.2721514930979354],
      colour: 'y',
      y: 0.4147673705736541,
      columns: [0, 2, 1],
      shapes: 'pcs',
      below7: [6, 0, 0, 4, 2, 1, 6, 6, 0, 1, 5, 1],
      permutation: [5, 1, 9, 2, 6, 7, 0, 3, 4, 8],
      last: 0.46147936225293185,
    },
    {
      seed: 42,
      uniforms: [4.061442273348934, 1.460571445127933],
      colour: 'b',
      y: 0.3678146001636615,
      columns: [3, 1, 2],
      shapes: 'ccc',
      below7: [2, 4, 3, 2, 5, 4, 1, 3, 5, 5, 1, 3],
      permutation: [6, 2, 8, 7, 9, 5, 1, 3, 0, 4],
      last: 0.5247746602583891,
    },
    {
      seed: 4294967295,
      uniforms: [3.424553666686232, 1.4299062762420975],
      colour: 'r',
      y: 0.21579278758169826,
      columns: [3, 0, 1],
      shapes: 'aac',
      below7: [3, 3, 2, 3, 5, 6, 6, 6, 5, 1, 1, 1],
      permutation: [3, 5, 2, 6, 9, 1, 8, 7, 0, 4],
      last: 0.9872079922499623,
    },
  ])('draws mixed kinds in sequence as NumPy does with seed $seed', (expected) => {
    const random = new NumpyRandomState(expected.seed);
    expect([random.uniform(3.2, 5.5), random.uniform(0.7, 1.5)]).toEqual(expected.uniforms);
    expect(random.choice(['r', 'g', 'b', 'y'])).toBe(expected.colour);
    expect(random.uniform(-0.1, 0.5)).toBe(expected.y);
    expect(random.sample([0, 1, 2, 3], 3)).toEqual(expected.columns);
    expect(random.choices(['s', 'p', 'c', 'a'], 3).join('')).toBe(expected.shapes);
    expect(random.choices([0, 1, 2, 3, 4, 5, 6], 12)).toEqual(expected.below7);
    expect(random.sample([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], 10)).toEqual(expected.permutation);
    expect(random.random()).toBe(expected.last);
  });

  it('goes on past the first block of 624 words', () => {
    const random = new NumpyRandomState(7);
    let value = 0;
    for (let draw = 0; draw < 700; draw++) value = random.random();
    expect(value).toBe(0.33871568992326884);
  });

  it('refuses a seed outside 32 bits and a sample larger than its list', () => {
    expect(() => new NumpyRandomState(-1)).toThrow('seed is -1');
    expect(() => new NumpyRandomState(0).sample([1, 2], 3)).toThrow('3 different items out of 2');
  });
});
