import { InputError } from '@rapport/core';
import { describe, expect, it } from 'vitest';
import { mjcf, writeMjcf } from './mjcf.js';

describe('MJCF writer', () => {
  it('writes nested elements, arrays and flags, and leaves out what is undefined', () => {
    const tree = mjcf('body', { name: 'cup', pos: [0.1, 0, -2e-7], mocap: true, quat: undefined }, [mjcf('freejoint')]);
    expect(writeMjcf(tree)).toBe('<body name="cup" pos="0.1 0 -2e-7" mocap="true">\n  <freejoint/>\n</body>\n');
  });

  it('escapes what XML reserves', () => {
    expect(writeMjcf(mjcf('body', { name: 'a "<&' }))).toBe('<body name="a &quot;&lt;&amp;"/>\n');
  });

  it('refuses numbers that are not finite, naming element and attribute', () => {
    const write = () => writeMjcf(mjcf('geom', { size: [1, Number.NaN] }));
    expect(write).toThrow(InputError);
    expect(write).toThrow('MJCF <geom> attribute size is 1 NaN; expected finite numbers');
  });
});
