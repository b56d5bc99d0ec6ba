// Appends labels to a ledger without end, and prints the id of each one once it has been acknowledged.
//   node append-labels.mjs LEDGER_FOLDER ROUND
import { writeSync } from 'node:fs';
import { openLedger } from '@rapport/data';

const [, , directory, round] = process.argv;
const ledger = await openLedger({ directory });
for (let number = 0; ; number++) {
  const id = `${round}-${number}`;
  await ledger.append({
    kind: 'feedback',
    id,
    query: { id: `query-${id}`, items: [0, 1, 2].map((episode) => ({ dataset: 'ds', episode, start: 0, end: 50 })) },
    screenOrder: [2, 0, 1],
    value: { kind: 'ranking', ranks: [1, 0, 2] },
    annotator: 'simulated/kill-test',
    shownAtMs: number,
    answeredAtMs: number + 1,
    replays: [1, 1, 1],
  });
  writeSync(1, `${id}\n`);
}
