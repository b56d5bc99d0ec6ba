// Trains a small network for 100 steps and prints a digest of its state. A test runs this in two processes.
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { createViteServer } from 'vitest/node';

// The sources are TypeScript: vite loads them as the tests do.
const server = await createViteServer({
  root: fileURLToPath(new URL('..', import.meta.url)),
  configFile: false,
  logLevel: 'error',
  server: { middlewareMode: true, watch: null, ws: false },
  ssr: { resolve: { conditions: ['rapport-source'] }, noExternal: ['@rapport/core'] },
});
const { RandomStream } = await server.ssrLoadModule('@rapport/core');
const nn = await server.ssrLoadModule('/src/index.ts');

const stream = new RandomStream(42, 'hundred steps');
const x = nn.input('x', [64, 10]);
const y = nn.input('y', [64, 2]);
const net = nn.mlp('net', { inputSize: 10, hiddenSizes: [32, 32], outputSize: 2, activation: 'relu' });
const loss = nn.mean(nn.square(nn.sub(net.apply(x), y)));
const trainer = await nn.compileTrainer({
  groups: [{ name: 'net', parameters: net.parameters, loss, optimizer: nn.adam({ learningRate: 1e-3 }) }],
  metrics: { loss },
  stream,
});
const draws = stream.fork('data');
for (let step = 0; step < 100; step++) {
  await trainer.step({
    x: draws.fillNormal(new Float32Array(640)),
    y: draws.fillNormal(new Float32Array(128)),
  });
}
const digest = createHash('sha256').update(nn.encodeTensors(trainer.state().tensors)).digest('hex');
await trainer.close();
await server.close();
console.log(digest);
