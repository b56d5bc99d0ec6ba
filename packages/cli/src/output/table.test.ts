import { expect, it } from 'vitest';
import { formatNumber, formatTable, wrapText } from './table.js';

it('aligns words to the left and numbers to the right', () => {
  expect(
    formatTable(
      ['name', 'ms'],
      [
        ['a', '1.5'],
        ['long', '12'],
      ],
    ),
  ).toBe('name   ms\n----  ---\na     1.5\nlong   12');
});

it('wraps words and indents the lines after the first', () => {
  expect(wrapText('one two three four', 9, 2)).toBe('one two\n  three\n  four');
});

it('shows numbers with four significant digits', () => {
  expect([0.000123456, 12.3456, 12345.6].map(formatNumber)).toEqual(['0.0001235', '12.35', '12,346']);
});
