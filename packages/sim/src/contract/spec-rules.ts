import type { EnvSpec, SpaceEntry } from '@rapport/core';
import type { Rule } from './rule.js';

/** What an environment says of itself. */
export const specRules: readonly Rule[] = [
  {
    rule: 'is what its entry says: id, spaces, clock, cameras',
    async check(subject) {
      const { spec } = await subject.make();
      if (spec.id !== subject.entry.id) return `its spec is of "${spec.id}"`;
      const differing = (Object.keys({ ...spec, ...subject.spec }) as (keyof EnvSpec)[]).find(
        (key) => JSON.stringify(spec[key]) !== JSON.stringify(subject.spec[key]),
      );
      return differing === undefined ? undefined : `${differing} differs between the entry and the environment`;
    },
  },
  {
    rule: 'names every entry of its observation and action once, with unit and bounds',
    async check({ spec }) {
      const { observationSpace, actionSpace, pictureObservation } = spec;
      if (observationSpace.entries.length === 0 && pictureObservation === undefined) return 'nothing is observed';
      if (actionSpace.entries.length === 0) return 'the action has no entries';
      return badEntries('observation', observationSpace.entries) ?? badEntries('action', actionSpace.entries);
    },
  },
  {
    rule: 'has a clock, a time limit, a summary and differently named cameras',
    async check({ spec }) {
      if (!(spec.controlHz > 0)) return `controlHz is ${spec.controlHz}`;
      if (!Number.isInteger(spec.maxEpisodeSteps) || spec.maxEpisodeSteps < 1) {
        return `maxEpisodeSteps is ${spec.maxEpisodeSteps}`;
      }
      if (spec.summary === '' || spec.summary.includes('\n')) return 'its summary is not one line';
      return new Set(spec.cameras).size === spec.cameras.length ? undefined : 'two cameras have one name';
    },
  },
];

function badEntries(label: string, entries: readonly SpaceEntry[]): string | undefined {
  const names = new Set<string>();
  for (const { name, unit, low, high } of entries) {
    if (!/^[a-z][a-z0-9_]*$/.test(name)) return `${label} entry "${name}" is not named in snake case`;
    if (names.has(name)) return `two ${label} entries are named "${name}"`;
    names.add(name);
    if (unit === '') return `${label} entry "${name}" has no unit`;
    if (!(low < high)) return `${label} entry "${name}" has the bounds [${low}, ${high}]`;
  }
  return undefined;
}
