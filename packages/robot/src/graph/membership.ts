import { bounded } from './bounded.js';
import { loadNative, type Native, type NativeNode } from './native.js';

/** Joining takes half a second; 10 s were seen on the same machine. */
const JOIN_MS = 60_000;
/** Leaving takes some 30 ms; 10 s were seen on a machine with a load of ten per core. */
const LEAVE_MS = 30_000;

/** A process is on the graph while it has a node there. */
let openNodes = 0;

/**
 * Joins the graph when this is the first node of the process; arguments of later nodes are those of the first.
 * @param rosArguments `--ros-args` and what follows it
 * @param open makes the node
 */
export async function joinGraph<N>(rosArguments: readonly string[] = [], open: (native: Native) => N): Promise<N> {
  const native = await loadNative();
  if (openNodes === 0) {
    await native.rclnodejs.init(undefined, [...rosArguments]);
    process.once('exit', () => {
      // Shared memory of a process that just ends stays behind.
      if (!native.rclnodejs.isShutdown()) shutDown(native);
    });
  }
  openNodes += 1;
  try {
    return bounded(() => open(native), {
      patienceMs: JOIN_MS,
      line: `joining the ROS 2 graph hangs: ended after ${JOIN_MS / 1000} s; start again (docs/ros2.md, "Known trouble")`,
    });
  } catch (error) {
    openNodes -= 1;
    if (openNodes === 0) shutDown(native);
    throw error;
  }
}

/** Closes a node; with the last one of the process, the process leaves the graph. */
export function leaveGraph(native: Native, node: NativeNode): void {
  openNodes -= 1;
  if (openNodes === 0) shutDown(native);
  else node.destroy();
}

function shutDown({ rclnodejs }: Native): void {
  bounded(() => rclnodejs.shutdown(), {
    patienceMs: LEAVE_MS,
    line: `leaving the ROS 2 graph hangs: ended after ${LEAVE_MS / 1000} s; nothing was lost (docs/ros2.md, "Known trouble")`,
  });
}
