import { compileFunction, constant, gradient, input, sum } from '@rapport/nn';
import { describe, expect, it } from 'vitest';
import { type ListObjectiveName, listObjectiveNames, objectiveConfig } from './config.js';
import { listLoss } from './registry.js';

const softplus = (x: number): number => Math.log1p(Math.exp(x));
const pairsOf = (items: number): [number, number][] =>
  Array.from({ length: items }, (_, i) => i).flatMap((i) =>
    Array.from({ length: items - 1 - i }, (_, gap): [number, number] => [i, i + 1 + gap]),
  );
const total = (values: readonly number[]): number => values.reduce((soFar, value) => soFar + value, 0);
const gradesOf = (items: number): number[] => Array.from({ length: items }, (_, k) => 3 - (3 * k) / (items - 1));

const replaced = (values: readonly number[], place: number, by: number): number[] =>
  values.map((value, index) => (index === place ? by : value));

/** Losses of one list in plain double arithmetic; grades fall from 3 to 0. */
const references: Readonly<Record<ListObjectiveName, (s: readonly number[]) => number>> = {
  'plackett-luce': (s) =>
    total(s.slice(0, -1).map((score, k) => -Math.log(Math.exp(score) / total(s.slice(k).map(Math.exp))))),
  'best-worst': (s) => softplus(s.at(-1)! - s[0]!),
  'all-pairs': (s) => {
    const pairs = pairsOf(s.length);
    return total(pairs.map(([i, j]) => softplus(s[j]! - s[i]!))) / pairs.length;
  },
  'adjacent-pairs': (s) => total(s.slice(1).map((score, k) => softplus(score - s[k]!))) / (s.length - 1),
  listnet: (s) => {
    const wanted = gradesOf(s.length).map(Math.exp);
    const given = s.map(Math.exp);
    return -total(wanted.map((grade, k) => (grade / total(wanted)) * Math.log(given[k]! / total(given))));
  },
  'lipo-lambda': (s) => {
    const gain = gradesOf(s.length).map((grade) => 2 ** grade - 1);
    const order = s.map((_, k) => k).sort((a, b) => s[b]! - s[a]!);
    const discount = s.map((_, k) => 1 / Math.log(1 + 1 + order.indexOf(k)));
    return total(
      pairsOf(s.length).map(
        ([i, j]) => (gain[i]! - gain[j]!) * Math.abs(discount[i]! - discount[j]!) * softplus(s[j]! - s[i]!),
      ),
    );
  },
  'rank-list': (s) => Math.log(1 + total(pairsOf(s.length).map(([i, j]) => Math.exp(s[j]! - s[i]!)))),
};

async function evaluate(lists: ListObjectiveName, rows: readonly (readonly number[])[]) {
  const scores = input('scores', [rows.length, rows[0]!.length]);
  const losses = listLoss({ scores }, objectiveConfig({ lists, beta: 1 }));
  const compiled = await compileFunction({ outputs: { losses, slope: gradient(sum(losses), [scores])[0]! } });
  const result = await compiled.run({ scores: Float32Array.from(rows.flat()) });
  await compiled.close();
  return result;
}

const rows = [
  [2, 1.2, -0.3, -1],
  [-1, 0.4, 0.1, 2.5],
  [0.3, 0.2, 1.1, -3],
];

// ListNet draws scores to given grades, so it is no function of margins alone and may pull an extreme score back.
describe.each(listObjectiveNames)('%s', (name) => {
  const reference = references[name];

  it('gives the losses and, by finite differences, the gradient of its formula', async () => {
    const { losses, slope } = await evaluate(name, rows);
    const step = 1e-5;
    rows.forEach((row, index) => {
      expect(losses[index]).toBeCloseTo(reference(row), 4);
      row.forEach((score, place) => {
        const ahead = reference(replaced(row, place, score + step));
        const behind = reference(replaced(row, place, score - step));
        expect(slope[index * row.length + place], `${index}, ${place}`).toBeCloseTo((ahead - behind) / (2 * step), 3);
      });
    });
  });

  it.skipIf(name === 'listnet')('is Bradley-Terry times a constant for two items, equal ones too', async () => {
    const pairs = [
      [1, -0.5],
      [-2, 1],
      [0.3, 0.3],
    ];
    const { losses } = await evaluate(name, pairs);
    const factor = name === 'lipo-lambda' ? 7 * (1 / Math.log(2) - 1 / Math.log(3)) : 1;
    pairs.forEach(([winner, loser], index) => {
      expect(losses[index]).toBeCloseTo(factor * softplus(loser! - winner!), 4);
    });
  });

  it.skipIf(name === 'listnet')('falls when the best item gains or the worst one loses', async () => {
    const { slope } = await evaluate(name, rows);
    rows.forEach((_, index) => {
      expect(slope[4 * index]).toBeLessThan(0);
      expect(slope[4 * index + 3]).toBeGreaterThan(0);
    });
  });

  it('refuses lists of a single item', () => {
    const scores = input('scores', [5, 1]);
    expect(() => listLoss({ scores }, objectiveConfig({ lists: name }))).toThrow(/expected \[batch, 2 or more\]/);
  });
});

describe('listLoss', () => {
  it('multiplies scores by beta and anchors on the best item', async () => {
    const config = objectiveConfig({ lists: 'best-worst', beta: 0.5, anchorWeight: 2 });
    const losses = listLoss({ scores: constant([4, 1, 0], [1, 3]), bestLoss: constant([0.3], [1]) }, config);
    const compiled = await compileFunction({ outputs: { losses } });
    expect((await compiled.run({})).losses[0]).toBeCloseTo(softplus(-2) + 0.6, 5);
    await compiled.close();
  });
});
