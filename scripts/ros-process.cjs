// Starts a command that is a node of a ROS 2 graph as a process of its own: the loader of shared libraries reads its search
// path when a process starts, and not again.
const path = require('node:path');
const { spawn } = require('node:child_process');
const { pathToFileURL } = require('node:url');

const setupFolder = path.join(path.dirname(__dirname), 'packages/robot/dist/setup');

/** The environment that the command needs beyond this one; undefined when it needs none, or ROS 2 is not set up. */
async function environmentFor([family, verb]) {
  if (family !== 'ros' || verb === undefined || verb === 'setup') return undefined;
  const load = (file) => import(pathToFileURL(path.join(setupFolder, file)).href);
  const { inRosEnvironment, rosEnvironment } = await load('environment.js');
  if (inRosEnvironment()) return undefined;
  const { rosState } = await load('installation.js');
  const state = rosState();
  return state.ready ? rosEnvironment(state.installation) : undefined;
}

/** Runs this program again, with another environment, and ends as it ends. */
function runAgain(main, args, env) {
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], { stdio: 'inherit', env });
  // A terminal sends Ctrl+C to both; elsewhere it came to this process alone.
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) child.kill('SIGINT');
  });
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    process.stderr.write(`rapport: cannot start again with the environment of ROS 2: ${error.message}\n`);
    process.exitCode = 1;
  });
  child.on('close', (code, signal) => {
    process.exitCode = code ?? 128 + require('node:os').constants.signals[signal];
  });
}

module.exports = { environmentFor, runAgain };
