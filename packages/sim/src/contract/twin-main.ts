import { createInterface } from 'node:readline';
import { loadEntry } from '../registry.js';
import { Subject } from './subject.js';
import { trajectoryDigest } from './trajectory-digest.js';
import type { TwinReply } from './twin-process.js';

// The second process (see twin-process.ts): reads one environment a line, answers with the digest of its run.
for await (const reference of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(reference))}\n`);
}

async function answer(reference: string): Promise<TwinReply> {
  try {
    const subject = new Subject(await loadEntry(reference));
    const digest = await trajectoryDigest(subject);
    subject.closeAll();
    return { digest };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  }
}
