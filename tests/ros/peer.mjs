// A node of the live tests, on our adapter: commands as JSON lines on standard input, answers and events on standard output.
import { createInterface } from 'node:readline';
import { openNode, qosProfiles } from '@rapport/robot';

const node = await openNode({ name: 'node_peer', arguments: process.argv.slice(2) });
const things = new Map();
/** Actions whose goals end. */
const finished = new Set();
const qosOf = (qos = {}) => ({ ...qosProfiles.default, ...qos });

function tell(record) {
  process.stdout.write(
    `${JSON.stringify(record, (_, value) => {
      if (typeof value === 'bigint') return Number(value);
      return ArrayBuffer.isView(value) ? Array.from(value, Number) : value;
    })}\n`,
  );
}

/** JSON knows no 64-bit integers: these fields are such. */
const withBigInts = ({ seed, ...rest }) => (seed === undefined ? rest : { ...rest, seed: BigInt(seed) });

const operations = {
  publisher({ name, type, topic, qos }) {
    const events = { onIncompatibleQos: (policy) => tell({ event: 'incompatible', name, policy }) };
    things.set(name, node.publisher(type, topic, qosOf(qos), events));
  },
  publish({ name, message }) {
    things.get(name).publish(message);
  },
  subscribe({ name, type, topic, qos }) {
    const events = {
      onIncompatibleQos: (policy) => tell({ event: 'incompatible', name, policy }),
      onLost: (count) => tell({ event: 'lost', name, count }),
    };
    const onMessage = (message) => tell({ event: 'message', name, message });
    things.set(name, node.subscribe(type, topic, qosOf(qos), onMessage, events));
  },
  fail_on_message({ name, type, topic }) {
    things.set(
      name,
      node.subscribe(type, topic, qosProfiles.default, () => {
        throw new Error('this callback fails');
      }),
    );
  },
  matched({ name }) {
    const thing = things.get(name);
    return thing.subscriptionCount ?? thing.publisherCount;
  },
  async call({ type, service, request, timeout_s = 10, attempts = 1 }) {
    const client = things.get(service) ?? node.client(type, service);
    things.set(service, client);
    for (let left = attempts - 1; ; left--) {
      try {
        return await client.call(withBigInts(request), { timeoutMs: 1000 * timeout_s });
      } catch (error) {
        if (left === 0) throw error;
      }
    }
  },
  serve({ type, service, response }) {
    node.serve(type, service, (request) => {
      tell({ event: 'request', name: service, message: request });
      return response;
    });
  },
  async send_goal({ type, action, goal, cancel_after_s, timeout_s = 150 }) {
    const client = node.actionClient(type, action);
    const feedback = [];
    const onFeedback = (one) => {
      feedback.push(one);
      tell({ event: 'feedback', name: action });
    };
    const sent = await client.send(goal, { onFeedback, timeoutMs: 1000 * timeout_s });
    if (sent === undefined) return { accepted: false };
    if (cancel_after_s !== undefined) setTimeout(() => sent.cancel(), 1000 * cancel_after_s);
    return { accepted: true, ...(await sent.outcome), feedback };
  },
  serve_action({ type, action, ending, result, feedback }) {
    node.serveAction(type, action, {
      accepts: () => ending !== 'rejected',
      async execute(goal) {
        tell({ event: 'goal', name: action, message: goal.goal });
        while (!(ending === 'canceled' ? goal.cancelRequested : finished.has(action))) {
          goal.publishFeedback(feedback);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
        return { status: ending, result };
      },
    });
  },
  finish: ({ action }) => {
    finished.add(action);
  },
  now: () => node.now(),
  watch_clock() {
    node.watchClock(({ delta }) => tell({ event: 'jump', delta }));
  },
  resolve: ({ topic }) => node.graph.resolve(topic),
  publishers: ({ topic }) => node.graph.publishers(topic),
};

createInterface({ input: process.stdin })
  .on('line', async (line) => {
    const { id, op, ...command } = JSON.parse(line);
    try {
      tell({ id, value: await operations[op](command) });
    } catch (error) {
      tell({ id, error: `${error.name}: ${error.message}` });
    }
  })
  .on('close', () => node.close());
// Nothing but the node and its input keeps the process alive: it ends by itself.
process.once('SIGTERM', () => {
  node.close();
  process.stdin.destroy();
});
tell({ event: 'ready' });
