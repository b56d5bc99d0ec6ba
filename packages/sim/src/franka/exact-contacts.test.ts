import { describe, expect, it } from 'vitest';
import { loadMujoco } from '../mujoco/module.js';
import { Physics } from '../mujoco/physics.js';
import { manipulationEntries } from './catalogue.js';
import { manipulationModel } from './model.js';

const kinds = ['plane', 'hfield', 'sphere', 'capsule', 'ellipsoid', 'cylinder', 'box', 'mesh'] as const;

/**
 * Pairs whose contacts MuJoCo computes in closed form (its collision table, engine_collision_driver.c); for all others it
 * iterates, and where that ends can hang on the last bit.
 */
const closedForm = new Set(
  [
    ...['sphere', 'capsule', 'cylinder', 'ellipsoid', 'box', 'mesh'].map((kind) => ['plane', kind]),
    ...['sphere', 'capsule', 'cylinder', 'box'].map((kind) => ['sphere', kind]),
    ['capsule', 'capsule'],
    ['capsule', 'box'],
    ['box', 'box'],
  ].map((pair) => pair.sort().join(' and ')),
);

describe('contacts of manipulation scenes', () => {
  it.each(manipulationEntries.map(({ id }) => id))('are all found in closed form: %s', async (id) => {
    const { arm, task } = manipulationEntries.find((entry) => entry.id === id)!;
    const world = task.world();
    const physics = new Physics(await loadMujoco(), manipulationModel(arm, task, world, 500), world.files);
    const { model } = physics;
    const found = new Set<string>();
    for (let one = 0; one < model.ngeom; one++) {
      for (let other = 0; other < one; other++) {
        const pair = [one, other].map((geom) => ({
          kind: kinds[model.geom_type[geom]]!,
          moves: model.body_weldid[model.geom_bodyid[geom]] !== 0,
          body: model.body_weldid[model.geom_bodyid[geom]] as number,
          type: model.geom_contype[geom] as number,
          affinity: model.geom_conaffinity[geom] as number,
        }));
        const [a, b] = [pair[0]!, pair[1]!];
        const touch = (a.type & b.affinity) !== 0 || (b.type & a.affinity) !== 0;
        if (!touch || a.body === b.body || !(a.moves || b.moves)) continue;
        found.add([a.kind, b.kind].sort().join(' and '));
      }
    }
    physics.close();
    expect(found.size).toBeGreaterThan(0);
    expect([...found].filter((pair) => !closedForm.has(pair))).toEqual([]);
  });
});
