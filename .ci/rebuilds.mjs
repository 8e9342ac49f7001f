// Tells whether `cargo test --release` or the benchmarks would build again what `cargo run --release` has built, without
// building anything: a dependency with one feature more in the tests' graph than in the program's is compiled twice, and
// so is all that rests on it, burn above all (minutes). Usage: node .ci/rebuilds.mjs [cargo's options, --features for one]

import { execFileSync } from 'node:child_process';

/** What cargo would compile: a text for each unit that is the same for the same package, features and profile. */
function units(command) {
  const options = [...command, '--release', ...process.argv.slice(2), '-Z', 'unstable-options', '--unit-graph'];
  const graph = execFileSync('cargo', options, {
    env: { ...process.env, RUSTC_BOOTSTRAP: '1' }, // the graph is printed by nightly versions only, or with this
    maxBuffer: 1e9,
  });
  const { units } = JSON.parse(graph);
  return new Map(
    units.map(({ pkg_id, target, mode, features, profile }) => [
      JSON.stringify([pkg_id, target.kind, target.name, mode, features, profile.opt_level]),
      { name: target.name, pkg_id, optimised: profile.opt_level !== '0' },
    ]),
  );
}

/** What of `units` the program's graph has with other features. */
function again(units) {
  return [...units].filter(([unit, { optimised, pkg_id }]) => {
    // Build scripts and macros are not optimised; those of the browser driver alone are built for it, rightly.
    if (run.has(unit) || !optimised || pkg_id.startsWith('path+')) return false;
    return [...run.values()].some((other) => other.optimised && other.pkg_id === pkg_id);
  });
}

const run = units(['build', '--bin', 'second-look']);
const test = units(['test', '--no-run']);
const bench = units(['build', '--bench', 'speed', '--bin', 'speed-work']);
if (run.size < 100 || test.size < run.size || bench.size < run.size) {
  throw new Error(`${run.size}, ${test.size} and ${bench.size} units: not what cargo prints?`);
}

const forTests = again(test);
const forBenches = again(bench);
const lost = [...run.keys()].filter((unit) => !test.has(unit));
console.log(
  `${run.size} units to run, ${test.size} to test, ${bench.size} to time; ` +
    `${forTests.length} built again for the tests, ${forBenches.length} for the benchmarks`,
);
for (const [unit] of forTests) console.log(`built again for the tests: ${unit}`);
for (const [unit] of forBenches) console.log(`built again for the benchmarks: ${unit}`);
for (const unit of lost) console.log(`not used by the tests: ${unit}`);
process.exit(forTests.length + forBenches.length + lost.length > 0 ? 1 : 0);
