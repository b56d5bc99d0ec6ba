import { createHash } from 'node:crypto';
import { play, type Subject } from './subject.js';

/** SHA-256 over observations, rewards, the final state and a picture of one short run. */
export async function trajectoryDigest(subject: Subject): Promise<string> {
  const env = await subject.make();
  const hash = createHash('sha256');
  const results = play(env, 11, subject.actions(15, 15));
  for (const { observation, reward } of results) {
    hash.update(bytes(observation));
    hash.update(bytes(Float64Array.of(reward)));
  }
  hash.update(bytes(env.privileged.state()));
  const camera = subject.spec.cameras[0];
  if (camera !== undefined) hash.update(env.render(camera, { width: 32, height: 32 }));
  return hash.digest('hex');
}

function bytes(array: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}
