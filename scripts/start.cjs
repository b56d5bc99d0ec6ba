// The first file that Node reads. It is CommonJS in the language of old Node versions, so that a Node that is too old
// gets a clear line and not a syntax error.
var wanted = [20, 20];
var found = process.versions.node.split('.').map(Number);

if (found[0] < wanted[0] || (found[0] === wanted[0] && found[1] < wanted[1])) {
  process.stderr.write(
    'rapport: Node ' +
      process.versions.node +
      ' is too old; install version ' +
      wanted.join('.') +
      ' or newer (https://nodejs.org)\n',
  );
  process.exitCode = 1;
} else {
  require('./launch.cjs').launch();
}
