// Keeps a core busy until it is killed, as other work does that never waits.
console.log(JSON.stringify({ ready: true }));
const endsAt = Infinity;
while (performance.now() < endsAt);
