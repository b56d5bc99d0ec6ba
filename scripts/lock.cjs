// A lock between processes: a file that only its creator may hold, given up by a holder that died.
const fs = require('node:fs');
const { setTimeout: sleep } = require('node:timers/promises');

/** Runs `work` while no other process holds the lock `file`; waits for a living holder. */
async function withLock(file, say, work) {
  let told = false;
  while (!tryLock(file)) {
    const holder = readHolder(file);
    if (holder !== undefined && !isAlive(holder)) {
      breakLock(file, holder);
      continue;
    }
    if (!told) say(`waiting for another start of rapport (process ${holder ?? 'unknown'})`);
    told = true;
    await sleep(200);
  }
  try {
    return work();
  } finally {
    fs.rmSync(file, { force: true });
  }
}

function tryLock(file) {
  // Written first and linked into place, so that a lock is never seen without its holder.
  const own = `${file}.${process.pid}`;
  fs.writeFileSync(own, String(process.pid));
  try {
    fs.linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(own, { force: true });
  }
}

function readHolder(file) {
  try {
    return Number(fs.readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/** Removes the lock of a dead holder. Renaming first makes sure that only one of several waiters removes it. */
function breakLock(file, holder) {
  const aside = `${file}.dead.${process.pid}`;
  try {
    fs.renameSync(file, aside);
  } catch {
    return;
  }
  // Another waiter was faster and the lock is already its own: give it back.
  if (readHolder(aside) !== holder) {
    try {
      fs.linkSync(aside, file);
    } catch {}
  }
  fs.rmSync(aside, { force: true });
}

module.exports = { withLock };
